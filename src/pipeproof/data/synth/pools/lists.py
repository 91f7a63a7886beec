"""Lists of words that made data are put together from, all of public knowledge; those of persons are common names."""

from __future__ import annotations


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _phrases(text: str) -> tuple[str, ...]:
    return tuple(phrase.strip() for phrase in text.split(","))


FIRST_NAMES = _words(
    "Anna Ben Clara David Emma Felix Greta Hugo Ida Jonas Klara Leon Mia Noah Olga Paul Rosa Simon Tim Vera "
    "Alice Brian Charlotte Daniel Edward Fiona George Hannah Isaac Julia Kevin Laura Matthew Nora Oliver Peter "
    "Rachel Samuel Thomas Victoria William Zoe Amélie Benoît Chloé Élodie François Gaël Hélène Jérôme Léa Noémie "
    "René Sébastien Théo Agnès Álvaro Begoña Carlos Diego Elena Iñigo Javier Lucía María Núria Pablo Raúl Sofía "
    "Andrea Chiara Giovanni Lorenzo Martina Niccolò Paola Åsa Björn Frøya Håkon Jørgen Kåre Mats Sørine Tuva Øyvind "
    "Aleksander Bożena Łukasz Małgorzata Stanisław Zofia Jiří Tomáš Zdeněk Žofie Ákos Csilla Gergő László Zsófia "
    "Ayşe Çağla Emre İbrahim Özge Şule Ana Ioana João Mihai Ștefan Tiago Aino Eero Jürgen Käthe Jörg Uğur"
)
LAST_NAMES = _words(
    "Smith Jones Taylor Brown Wilson Evans Walker Wright Green Hall Clarke Hughes Edwards Turner Cooper Carter "
    "Müller Schmidt Schneider Fischer Weber Becker Schäfer Koch Bauer Köhler Krüger König Weiß Groß Jäger Möller "
    "Martin Bernard Dubois Moreau Lefèvre Rousseau Lemaître Noël Besançon Girard García Rodríguez López Martínez "
    "Hernández Pérez Gómez Núñez Muñoz Ibáñez Rossi Russo Ferrari Esposito Bianchi Colombo Ricci Greco Marino "
    "Hansen Johansen Olsen Nilsson Lindström Åkesson Sørensen Østergaard Bjørnstad Kjær Nowak Kowalski Wiśniewski "
    "Wójcik Zieliński Szymański Novák Dvořák Černý Procházka Kovács Nagy Szabó Tóth Horváth Öztürk Kaya Demir "
    "Şahin Çelik Popescu Ionescu Silva Santos Oliveira Conceição Korhonen Virtanen Mäkinen O'Brien "
    "MacDonald Van-Dijk De-Vries Jansen Peeters Okafor Mensah Adeyemi Nguyen Tran Patel Sharma Singh Khan"
)
OTHER_LETTERS = tuple(
    (_words(first), _words(last))
    for first, last in (
        (
            "Иван/ivan Анна/anna Ольга/olga Пётр/petr Юрий/yuriy Мария/maria Сергей/sergey Елена/elena",
            "Иванов/ivanov Смирнов/smirnov Кузнецов/kuznetsov Попов/popov Соколов/sokolov Лебедев/lebedev",
        ),
        (
            "Γιώργος/giorgos Μαρία/maria Ελένη/eleni Νίκος/nikos Κώστας/kostas Σοφία/sofia",
            "Παπαδόπουλος/papadopoulos Γεωργίου/georgiou Νικολάου/nikolaou Βασιλείου/vasileiou",
        ),
        (
            "伟/wei 芳/fang 娜/na 敏/min 静/jing 强/qiang 磊/lei 洋/yang",
            "王/wang 李/li 张/zhang 刘/liu 陈/chen 杨/yang 赵/zhao 黄/huang",
        ),
        (
            "太郎/taro 花子/hanako 健/ken 美咲/misaki 翔/sho 陽子/yoko",
            "佐藤/sato 鈴木/suzuki 高橋/takahashi 田中/tanaka 渡辺/watanabe 伊藤/ito",
        ),
        (
            "محمد/mohammed فاطمة/fatima علي/ali ليلى/layla عمر/omar مريم/maryam",
            "الحسن/alhassan الخطيب/alkhatib حداد/haddad النجار/alnajjar منصور/mansour",
        ),
        (
            "अमित/amit प्रिया/priya राहुल/rahul सुनीता/sunita अंजलि/anjali विजय/vijay",
            "शर्मा/sharma वर्मा/verma गुप्ता/gupta सिंह/singh कुमार/kumar",
        ),
        (
            "민준/minjun 서연/seoyeon 지훈/jihun 하은/haeun 도윤/doyun",
            "김/kim 이/lee 박/park 최/choi 정/jung",
        ),
    )
)
"""First and last names in other letters, each with its spelling in Latin ones, for e-mail addresses."""
CITIES = _phrases(
    "London, Paris, Berlin, Madrid, Rome, Vienna, Prague, Warsaw, Lisbon, Dublin, Oslo, Stockholm, Helsinki, "
    "Copenhagen, Amsterdam, Brussels, Zürich, Genève, München, Köln, Düsseldorf, Hamburg, Lyon, Marseille, Málaga, "
    "Sevilla, A Coruña, Milano, Torino, Napoli, Porto, Kraków, Łódź, Gdańsk, Brno, Budapest, Pécs, București, Iași, "
    "Sofia, Αθήνα, Θεσσαλονίκη, İstanbul, İzmir, Київ, Львів, Tallinn, Rīga, Vilnius, Reykjavík, Malmö, Göteborg, "
    "Tromsø, Århus, New York, Los Angeles, Chicago, Houston, Phoenix, Philadelphia, San Antonio, San José, Austin, "
    "Boston, Seattle, Denver, Montréal, Toronto, Vancouver, Québec, Ciudad de México, Bogotá, Lima, Santiago, "
    "Buenos Aires, São Paulo, Rio de Janeiro, Brasília, Córdoba, Asunción, Nairobi, Lagos, Accra, Cairo, Casablanca, "
    "Cape Town, Johannesburg, Addis Ababa, Dakar, Mumbai, Delhi, Bengaluru, Chennai, Karachi, Dhaka, Colombo, "
    "Bangkok, Hà Nội, Jakarta, Manila, Singapore, 東京, 大阪, 京都, 北京, 上海, 서울, 부산, Sydney, Melbourne, Perth, "
    "Auckland, Wellington"
)
COUNTRIES = _phrases(
    "GB/United Kingdom, FR/France, DE/Germany, ES/Spain, IT/Italy, AT/Austria, CZ/Czechia, PL/Poland, PT/Portugal, "
    "IE/Ireland, NO/Norway, SE/Sweden, FI/Finland, DK/Denmark, NL/Netherlands, BE/Belgium, CH/Switzerland, "
    "HU/Hungary, RO/Romania, BG/Bulgaria, GR/Greece, TR/Türkiye, UA/Ukraine, EE/Estonia, LV/Latvia, LT/Lithuania, "
    "IS/Iceland, US/United States, CA/Canada, MX/Mexico, CO/Colombia, PE/Peru, CL/Chile, AR/Argentina, BR/Brazil, "
    "PY/Paraguay, KE/Kenya, NG/Nigeria, GH/Ghana, EG/Egypt, MA/Morocco, ZA/South Africa, ET/Ethiopia, SN/Senegal, "
    "IN/India, PK/Pakistan, BD/Bangladesh, LK/Sri Lanka, TH/Thailand, VN/Viet Nam, ID/Indonesia, PH/Philippines, "
    "SG/Singapore, JP/Japan, CN/China, KR/South Korea, AU/Australia, NZ/New Zealand, CI/Côte d'Ivoire, CW/Curaçao"
)
"""Codes of ISO 3166 with names; Namibia is left out, since much code reads its code as a missing value."""
CURRENCIES = _words(
    "EUR USD GBP JPY CHF SEK NOK DKK PLN CZK HUF RON BGN TRY CAD AUD NZD MXN BRL ARS CLP COP ZAR INR CNY KRW SGD HKD "
    "THB IDR ILS AED EGP KES NGN MAD"
)
COLOURS = _words(
    "black white grey red green blue yellow orange purple pink brown beige turquoise violet navy olive maroon teal "
    "silver gold ivory crimson indigo lime"
)
LANGUAGES = _words("en de fr es it pt nl pl cs sv da nb fi hu ro bg el tr uk ar he hi bn th vi id ja zh ko")
STREETS = _phrases(
    "Main Street, High Street, Church Road, Station Road, Mill Lane, Park Avenue, Oak Street, Maple Avenue, "
    "Victoria Road, King's Road, Green Lane, Elm Street, Lindenstraße, Bahnhofstraße, Hauptstraße, Gartenweg, "
    "Schloßallee, Mühlenweg, Rue de l'Église, Rue Victor Hugo, Avenue de la République, Boulevard Saint-Michel, "
    "Calle Mayor, Calle de Alcalá, Plaza de España, Avenida de América, Via Roma, Via Garibaldi, Corso Italia, "
    "Rua Augusta, Avenida da Liberdade, Storgatan, Kungsgatan, Bjørnstjerne Bjørnsons gate, Vestergade, "
    "Mannerheimintie, ulica Długa, ulica Świętokrzyska, Václavské náměstí, Kossuth Lajos utca, Atatürk Caddesi"
)
TRADES = _words(
    "Systems Foods Logistics Energy Partners Textiles Motors Media Robotics Pharma Optics Shipping Instruments "
    "Software Materials Airways Farms Paper Steel Glass Books Toys Bikes Coffee"
)
LEGAL = _words("Ltd GmbH AG SA SAS SpA AB AS Oy Inc BV plc SE Group")
JOBS = _phrases(
    "accountant, actuary, architect, baker, biologist, bus driver, carpenter, chemist, civil engineer, cook, "
    "data analyst, dentist, designer, economist, editor, electrician, farmer, firefighter, florist, gardener, "
    "geologist, hairdresser, journalist, judge, lawyer, librarian, mechanic, midwife, musician, nurse, optician, "
    "painter, pharmacist, photographer, physician, pilot, plumber, police officer, postman, programmer, "
    "psychologist, roofer, sailor, sales assistant, surgeon, surveyor, tailor, teacher, translator, welder"
)
QUALITIES = _words(
    "Compact Classic Foldable Heavy Light Modern Organic Portable Quiet Robust Silent Slim Smart Soft Solar Steel "
    "Sturdy Vintage Waterproof Wireless Wooden Woollen Ceramic Cotton"
)
THINGS = _words(
    "Lamp Chair Desk Kettle Backpack Bicycle Blanket Bottle Bowl Camera Charger Clock Coat Drill Fan Hammer Headphones "
    "Jacket Keyboard Knife Ladder Mirror Monitor Mug Notebook Pan Pillow Radio Scarf Shelf Speaker Tent Torch Umbrella "
    "Wallet Watch"
)
CLASSES = _words(
    "toys books garden kitchen sports clothing shoes music games tools office beauty pets food travel"
)
SUBJECTS = _phrases(
    "The parcel, The order, My neighbour, The driver, Our team, The café, The package, A colleague, The customer, "
    "The engineer, The shop, The flight, The new model, The invoice, The museum"
)
VERBS = _phrases(
    "arrived, was delivered, stopped, was repaired, was cancelled, came back, was sold, changed, was closed, "
    "was found, started, was moved"
)
MANNERS = _phrases(
    "two days late, without a receipt, as expected, in good condition, after a long wait, twice, before noon, "
    "at the wrong address, with a broken handle, without any notice, in the rain, during the holidays"
)
ENDS = _phrases(
    "and nobody noticed., and we were glad., but it did not matter., so we called again., and that was all., "
    "which was a surprise., and the café stayed open., naïve as we were., and it cost 12 € more."
)
DOMAINS = _words("example.com example.org example.net mail.example.com post.example.org")
"""Reserved by RFC 2606, so that no made address is anybody's."""
PATHS = _words("products orders news blog about search help item user page photos docs jobs events")
