"""Addresses as people of many countries write them are found whole, in a sentence and on lines of their own."""

import re

import pyarrow as pa
import pytest

from governance.scan.detectors.address import ADDRESS
from governance.scan.detectors.base import FieldContext


def addresses(text):
    hits = ADDRESS.find(pa.array([text]), FieldContext())
    return [text[start:end] for start, end in zip(hits.start.tolist(), hits.end.tolist(), strict=True)]


WRITTEN = {
    "Hong Kong": [
        "Flat B, 12/F, Tower 3, Harbour View Garden, 88 Wharf Road, North Point, Hong Kong",
        "Room 1203, 12/F, Wing Lok House, 71 Lockhart Road, Wan Chai, Hong Kong",
        "Unit 5, G/F, Block C, 18 Castle Peak Road, Tuen Mun, New Territories, Hong Kong",
        "Rm 801, 8/F, Kai Tak Commercial Building, 317-319 Des Voeux Road Central, Sheung Wan, Hong Kong",
        "Flat 3A, Block 2, Sunshine Court, 22 Argyle Street, Mong Kok, Kowloon",
    ],
    "China": [
        "Room 1203, Building 12, No. 1200 Caoxi North Road, Xuhui District, Shanghai 200030, China",
        "No. 5, Lane 88, Fengyang Road, Huangpu District, Shanghai",
        "Room 301, Unit 2, Building 7, 66 Zhongguancun South Street, Haidian District, Beijing 100081",
    ],
    "Taiwan": [
        "7F.-3, No. 120, Sec. 3, Nanjing E. Rd., Songshan Dist., Taipei City 105, Taiwan",
        "No. 7, Section 5, Xinyi Road, Xinyi District, Taipei City 110, Taiwan",
        "No. 15, Ln. 42, Sec. 1, Wenhua Rd., Banqiao Dist., New Taipei City 220",
    ],
    "Singapore": [
        "Blk 123 Ang Mo Kio Avenue 6 #08-123, Singapore 560123",
        "10 Anson Road, #12-05 International Plaza, Singapore 079903",
        "25 Bukit Timah Road #03-11 Singapore 229849",
    ],
    "United States": [
        "4512 County Road 12, Apt 3, Cedar Falls, IA 50613",
        "88 W. Elm St., Ste. 210, Chicago, Illinois 60610",
        "1200 NW 23rd Ave Unit 7, Portland OR 97210",
        "17 Old Mill Rd\nPO Box 44\nWoodstock, VT 05091-0044",
        "PO Box 9021, Boise, ID 83707",
        "9410 Harbor Point Blvd Bldg 4 Fl 2, Tampa, FL 33607",
        "PSC 1234, Box 5678, APO AE 09012",
        "Unit 4021 Box 77, DPO AP 96338",
        "330 East 46th Street, 12th Floor, New York, NY 10017",
    ],
    "United Kingdom": [
        "Flat 2/1, 45 Byres Road, Glasgow G12 8RH",
        "Rose Cottage, 7 Church Lane, Little Bedwyn, Marlborough, Wiltshire SN8 3AA",
        "3rd Floor, 118 Pall Mall, London SW1Y 5EA",
        "14a Chestnut Close, Great Missenden, Buckinghamshire, HP16 9AA",
        "Unit 12, Riverside Industrial Estate, 40 Dock Road, Hull, HU1 2AB, England",
        "The Old Mill, 5 Mill Hill, Ely, Cambs CB7 4XX",
    ],
    "Ireland": [
        "12 Rathgar Road, Rathmines, Dublin 6, D06 X2Y4",
        "Apartment 4, 9 Shop Street, Galway, H91 AB12, Ireland",
    ],
    "Australia": [
        "Level 5, 120 Collins Street, Melbourne VIC 3000",
        "77 Mark Steps, Newbridge, QLD, 2676",
        "8/3 Linda Street, East Ryde NSW 2113, Australia",
    ],
    "New Zealand": ["14 Kauri Terrace, RD 3, Whangarei 0173, New Zealand"],
    "Canada": [
        "10-123 1/2 Main Street NW, Calgary AB T2P 1A1",
        "4500 rue Sherbrooke O, bureau 200, Montréal (QC) H3Z 1E6",
    ],
    "Germany": [
        "Am Markt 5, 01067 Dresden",
        "Unter den Linden 77, 10117 Berlin, Deutschland",
        "Max-Planck-Str. 12 b, D-81675 München",
        "Zur alten Mühle 3\n54290 Trier",
        "Schulstraße 14, Hinterhaus, 3. OG, 70173 Stuttgart",
        "Rosenweg 4, 2. Stock links, 04109 Leipzig",
    ],
    "Austria": ["Mariahilfer Straße 45/2/12, 1060 Wien, Österreich", "Getreidegasse 9, A-5020 Salzburg"],
    "Switzerland": ["Bahnhofstrasse 21, CH-8001 Zürich", "Rue du Rhône 14, 1204 Genève, Suisse"],
    "France": [
        "12 bis rue de la République, bât. B, 69002 Lyon",
        "8 impasse des Lilas, 31000 Toulouse, France",
        "45, avenue Jean Jaurès, 3e étage, 75019 Paris Cedex 19",
        "7 chemin du Moulin\n84220 Gordes",
    ],
    "Spain": [
        "Calle Mayor 12, 3º B, 28013 Madrid",
        "C/ Alcalá, 45, 2ª planta, 28014 Madrid, España",
        "Avda. de la Constitución nº 7, 41001 Sevilla",
        "Paseo de Gracia 12, piso 4, puerta 2, 08007 Barcelona",
    ],
    "Latin America": [
        "Av. Insurgentes Sur 1234, Int. 5, Col. Del Valle, C.P. 03100, Ciudad de México, México",
        "Carrera 7 # 71-21, Bogotá, Colombia",
        "Calle 70 # 19U-92, Oficina 25, Medellín, Colombia",
        "Avenida Belgrano N° 720 Piso 5 Dto. 7, Mendoza 5500, Argentina",
        "Rua Augusta, 1500 - Apto 45 - Consolação, São Paulo - SP, 01305-100",
        "Rua das Flores, 12, 2º andar, Jardim América, Curitiba - PR, 80010-000, Brasil",
    ],
    "Portugal": ["Rua do Ouro, 37, 3º Esq., 1100-062 Lisboa", "Av. da Liberdade 110, 1269-046 Lisboa, Portugal"],
    "Italy": [
        "Via Garibaldi, 41, 00153 Roma (RM)",
        "Piazza del Duomo 3, interno 5, 20121 Milano, Italia",
        "Viale Europa 12/A, 50126 Firenze FI",
        "Corso Vittorio Emanuele II 154, 10121 Torino",
    ],
    "Netherlands": [
        "Prinsengracht 263-2, 1016 GV Amsterdam",
        "Annehof 47, 9746FT Groningen",
        "Laan van Meerdervoort 12 A, 2517 AK Den Haag, Nederland",
    ],
    "Belgium": ["Rue de la Loi 16 bte 4, 1000 Bruxelles", "Steenweg op Gent 12 bus 3, 9300 Aalst, België"],
    "Nordic": [
        "Vesterbrogade 12, 3. th, 1620 København V",
        "Storgatan 5 lgh 1101, 211 42 Malmö",
        "Madsenstubben 92, 4218 Lille, Norge",
        "Karl Johans gate 22, 0159 Oslo",
        "Mannerheimintie 12 A 5, 00100 Helsinki, Finland",
        "Laugarvegur 66, 101 Reykjavík, Iceland",
    ],
    "Poland": ["ul. Piotrkowska 12 m. 4, 90-051 Łódź", "al. Jerozolimskie 65/79, 00-697 Warszawa, Polska"],
    "Czechia": ["Makedonská 946, 714 53 Bojkovice", "Na Příkopě 12, 110 00 Praha 1, Czech Republic"],
    "Slovakia": ["Lehotského 26, 034 51 Liptovský Mikuláš"],
    "Hungary": ["Rákóczi út 81., 1074 Budapest", "Kossuth Lajos u. 12, H-6720 Szeged, Hungary"],
    "Romania": ["Str. Mihai Eminescu nr. 12, bl. 5, sc. A, ap. 14, București 010511, Romania"],
    "Croatia": ["Vlaška ulica 7c, 10000 Zagreb, Croatia", "Gradec 5b, 84019 Ludbreg"],
    "Turkey": ["Atatürk Caddesi No: 45 Daire 3, 34380 Şişli, Istanbul, Turkey"],
    "Greece": ["Ermou 12, 105 63 Athina, Greece", "Τραγάνας 28, 921 74 Γρεβενά"],
    "India": [
        "Flat No. 4B, Lotus Apartments, 12 MG Road, Bengaluru - 560001, Karnataka, India",
        "45/2, Shankar Nagar, Nagpur 440010",
        "H.No. 97, Sule Street, Kharagpur 721301",
    ],
    "Japan": ["1-2-3 Shibuya, Shibuya-ku, Tokyo 150-0002, Japan"],
    "Korea": ["152 Teheran-ro, Gangnam-gu, Seoul 06236, South Korea"],
    "Malaysia": ["No. 12, Jalan Ampang, 50450 Kuala Lumpur, Malaysia"],
    "Indonesia": ["Jl. Sudirman No. 45, Jakarta 10220, Indonesia"],
    "Philippines": ["1151 Tulip Avenue, Bonifacio, 5417 Kalinga, Philippines"],
    "Vietnam": ["12 Nguyễn Huệ, Phường Bến Nghé, Quận 1, Ho Chi Minh City, Vietnam"],
    "Emirates": ["P.O. Box 12345, Dubai, United Arab Emirates"],
}
EVERY = [(country, address) for country, written in WRITTEN.items() for address in written]


@pytest.mark.parametrize(("country", "address"), EVERY)
def test_address_is_found_whole_in_a_sentence(country, address):
    assert addresses(f"The parcel went to {address}, but nobody was at home.") == [address]


@pytest.mark.parametrize(("country", "address"), EVERY)
def test_address_is_found_whole_at_the_end_of_a_sentence(country, address):
    assert addresses(f"My new address is {address}. Please change it") == [address]


@pytest.mark.parametrize(("country", "address"), EVERY)
def test_address_is_found_whole_on_lines_of_its_own(country, address):
    lines = re.sub(r"(?<=[^\W\d]{3}), (?!\d+(?:,| -))", "\n", address)
    assert addresses(f"Name: Anna Miller\n{lines}\n\nPhone: 12") == [lines]


DECOYS = [
    "3 apples, a road trip and 2 days of rain",
    "12 people, London and Paris",
    "Order 4711, 12345 pieces, is late",
    "Invoice 12, 2024 edition",
    "2012, Red Hat, Inc.\n2013, Jan Larsen",
    "1991-1997, Thomas G. Lane.",
    "Windows 11, Version 22621 is out",
    "Python 3.11, 64 bit, USA edition",
    "The meeting on 12 May, Berlin time, was moved",
    "5 Star Hotel, Dubai",
    "iPhone 12, London",
    "Room 12 is free, Berlin is far",
    "Call me at 020 7946 0958, London office",
    "Boeing 747, Seattle",
    "Chapter 3, Germany in 1848",
    "Page 12, 10115 words, Berlin",
    "The route 53 service and the place 5 of the list",
    "Flat 3 percent fee, 12 months",
    "He ran 10 km, Vienna marathon, in 2019",
    "Match report: Leeds 2, Arsenal 1",
    "Born 12 March 1980, Leicester",
    "Table 4, 1200 rows and 12 columns",
    "Section 5, Act of 1998, United Kingdom",
    "I scored 90 on test 5, 30 on test 6",
    "Top 10 Places, Italy",
]


@pytest.mark.parametrize("text", DECOYS)
def test_other_numbers_are_no_address(text):
    assert addresses(text) == []
