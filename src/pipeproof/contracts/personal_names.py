"""What columns with personal data are called, in several languages: phrases of plain lower-case words.

Public knowledge, written down by hand. How a name is taken apart into words stands in `personal.py`.
"""

from __future__ import annotations

TELLING = """
email: email, e mail, emails, mail address, mailaddress, email address, correo, correo electronico,
    courriel, posta elettronica, mailadresse, emailadresse
phone: phone, phones, phone number, phonenumber, phone no, telephone, tel, tel no, telno, mobile number,
    mobile no, mobile phone, cell phone, cellphone, msisdn, fax, fax number, telefon, telefonnummer,
    handy, handynummer, rufnummer, mobilnummer, telefono, movil, celular, telefone, telephone portable,
    telefoon, telefoonnummer, cellulare, whatsapp
card: credit card, creditcard, credit card number, creditcardnumber, card number, cardnumber, card no,
    card num, cc number, cc num, ccnum, debit card, kreditkarte, kartennummer, kreditkartennummer, carte
    bancaire, numero de tarjeta, numero carta, pan number, primary account number
bank: iban, bank account, bankaccount, account number, accountnumber, acct number, acct no, account no,
    kontonummer, konto nr, bankverbindung, sort code, routing number, numero de cuenta, numero de compte,
    rekeningnummer, conto corrente, bic iban
national_id: ssn, social security, social security number, socialsecuritynumber, national id, nationalid,
    national insurance, national insurance number, nino, nhs number, nhs no, tax id, taxid, tax number,
    tin, taxpayer id, steuer id, steuerid, steuernummer, steueridentifikationsnummer,
    sozialversicherungsnummer, personalausweis, ausweisnummer, nir, numero de securite sociale, insee,
    dni, nie, nif, codice fiscale, cpf, curp, pesel, bsn, burgerservicenummer, personnummer, aadhaar,
    aadhar, passport, passport number, passport no, passportnumber, reisepass, driving licence, driver
    license, drivers license, driving license, license number
ip: ip, ip address, ipaddress, ip addr, ipaddr, client ip, remote ip, remote addr, user ip, ipv4, ipv6,
    source ip, ip adresse, adresse ip
name: first name, firstname, given name, givenname, forename, middle name, middlename, last name,
    lastname, surname, family name, familyname, maiden name, full name, fullname, legal name, person name,
    customer name, customername, client name, patient name, patientname, employee name, contact name,
    member name, passenger name, driver name, cardholder, cardholder name, card holder, account holder,
    holder name, user name, username, owner name, student name, guest name, vorname, nachname,
    familienname, kundenname, prenom, nom de famille, nom complet, apellido, apellidos, nombre completo,
    nombre cliente, cognome, nome completo, sobrenome, voornaam, achternaam, efternamn, fornamn, fname,
    lname
address: street, street address, streetaddress, street name, home address, postal address, mailing
    address, shipping address, billing address, delivery address, address line, address line 1, address 1,
    address1, addr1, address 2, address2, house number, strasse, hausnummer, anschrift, wohnort, adresse,
    calle, direccion, indirizzo, endereco, domicilio, straat, huisnummer, home addr, customer address
birth_date: dob, birth date, birthdate, date of birth, dateofbirth, birthday, birth day, born, born on,
    birth year, year of birth, geburtsdatum, geburtstag, geburtsjahr, geb datum, date de naissance, date
    naissance, naissance, fecha de nacimiento, fecha nacimiento, nacimiento, data di nascita, data
    nascita, data de nascimento, nascimento, geboortedatum, fodelsedatum
location: home lat, home lon, home lng, home latitude, home longitude, user lat, user lon, user latitude,
    user longitude, customer lat, customer lon, gps, gps lat, gps lon, geolocation, last location, home
    location
url: reset link, reset url, magic link, login link, login url, signed url, presigned url, invite link
"""
"""Kind: the phrases that tell it, whatever the values are."""

HINTING = """
name: contact, customer, holder, naam, name, names, namn, nom, nombre, nome, owner, person
address: addr, address, cap, cep, code postal, codigo postal, plz, post code, postal code, postalcode,
    postcode, postleitzahl, zip, zip code, zipcode
location: coordinates, geo, lat, latitude, lng, location, lon, long, longitude
phone: cell, contact number, mobile, numero
card: card, cc, karte, pan, tarjeta
bank: account, acct, compte, cuenta, konto, rekening
national_id: id number, identity, licence, license
email: login, mail
ip: host
"""
"""Kind: phrases that other things are called by too, so that the values or other columns must bear them out."""

ABOUT = """
allowed, at, body, bounce, bounced, brand, calls, campaign, city, class, clicked, color, colour, consent,
contract, count, country, domain, enabled, family, flag, format, has, hash, hashed, is, len, length,
model, num, opened, opt, optin, plan, provider, range, rate, region, score, sent, size, state, status,
subject, template, type, usage, valid, verified, version, view
"""
"""`email_count` counts, `phone_type` says which: words that make another thing of those beside them."""
