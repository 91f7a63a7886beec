"""Given names that are common in Europe, the Americas, India, China, Turkey and the Arab world.

Written down by hand from public knowledge. They only bear out that a column holds names of persons, so a few
hundred do: in a column of real names, a third and more of the values have one of these.
"""

from __future__ import annotations

GIVEN_NAMES = frozenset(
    """
    aaron abdul abigail adam adrian agnes ahmed aisha alan albert alberto alejandra alejandro alessandro alex
    alexander alexandra alexandre alexis alfred ali alice alicia alina alison amanda amelia amir amy ana anas
    andrea andreas andrei andres andrew angela anja ann anna anne annette annie anthony antoine anton antonia
    antonio anya ariana arjun arnaud arthur ashley astrid aurora ava ayse barbara beatrice beatriz benjamin
    bernard bernd beth bianca birgit bjorn brandon brenda brian bruno caleb camila camille carl carla carlos
    carmen carol carolina caroline catherine cecilia celine cesar chantal charles charlotte chiara chloe
    chris christian christina christine christoph christopher claire clara claude claudia claudio connor
    cristina cynthia dagmar daniel daniela daniele danielle david deborah denis denise dennis diana diego
    dieter dimitri dirk dmitri dominic dominik donald donna dorothy dylan eduardo edward elena eleanor eleni
    elias elisa elisabeth eliza elizabeth ella ellen emil emilia emily emine emma emmanuel enrique eric erik
    erika erin esther ethan eva evelyn fabian fabio fatima fatma federico felix fernanda fernando filip
    florence florian frances francesca francesco francisco francois frank franz frederic frieda friedrich
    gabriel gabriela gareth gary george georg gerhard gertrud gianni gina giorgio giovanni giulia giuseppe
    gloria grace graham greta guillaume gustav hannah hans harold harry hassan heather heidi heike heinrich
    heinz helen helena helga henri henrik henry herbert hugo hussein ibrahim ida ines ingrid irene irina iris
    isaac isabel isabella isabelle ivan jack jackson jacob jacqueline jacques jakob james jan jana jane janet
    janine jasmine jason javier jean jeffrey jennifer jens jeremy jessica jesus jill joan joana joanna joao
    joel johan johann johanna john jonas jonathan jorge jose josef joseph joshua joyce juan judith julia julian
    juliana julie julien jurgen justin jutta kai karen karin karl karsten katarina katharina katherine kathleen
    katja katrin kavita keith kelly kenneth kerstin kevin khalid kim kimberly klaus konstantin kristina kurt kyle
    lars latifa laura lauren laurent lea lena leo leon leonardo leonie lev liam lina linda lisa logan lorenzo
    louis louise luca lucas lucia lucie lucy luis luisa lukas luke luna madison magdalena mahmoud malik manfred
    manuel manuela marc marcel marcela marco marcus margaret margarita maria mariam mariana marie marina mario
    marion marius mark markus marta martha martin martina mary maryam mason mateo mathieu matteo matthew
    matthias maurice max maximilian maya megan mehmet mei melanie melissa mia michael michal michel michelle
    miguel mikhail mila miriam mohamed mohammed monica monika moritz muhammad murat mustafa nadia nancy natalia
    natalie natasha nathan neha nicholas nick nicola nicolas nicole nikhil nikolai nils nina noah nora norbert
    nuria oleg olga oliver olivia omar oscar otto pablo pamela patricia patrick paul paula paulo pedro peter
    petra philip philipp philippe pierre pilar priya rachel radha rafael rahul raj ralf ramon raphael raquel
    raul ravi raymond rebecca renate rene ricardo riccardo richard rita robert roberta roberto robin roger
    roland rolf roman ronald rosa rosemary roxana rudolf ruth ryan sabine sabrina sally salma sam samantha
    samir samuel sandra sanjay sara sarah sascha scott sean sebastian selma serge sergei sergio sharon shirley
    silke silvia simon simone sofia sonia sonja sophia sophie stefan stefanie stella stephan stephanie
    stephen steven stuart sunita susan susanne suzanne sven svetlana sylvia tamara tanja tatiana teresa theo
    theodor theresa thierry thomas thorsten tiago tim timothy tina tobias todd tom tomas torsten tracy ulrich
    ulrike ursula ute uwe valentina valeria vanessa vera veronica victor victoria viktor vincent virginia
    vladimir walter wei wendy werner wilhelm william wolfgang xavier yan yasmin yolanda yusuf yves yvonne
    zachary zahra zoe zoey zsofia
    """.split()  # noqa: SIM905 six hundred quoted words would be six hundred lines
)
