"""Names of many origins: raw material for invented persons. The names are common ones; every combination is
by chance.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Origin:
    """`share` of the population. `given_names`: how many a person may have, each count as often as it stands
    here. `undated`: the share of persons over 30 whose birth date is incomplete.
    """

    share: float
    female: tuple[str, ...]
    male: tuple[str, ...]
    surnames: tuple[tuple[str, str], ...]  # prefix, surname
    given_names: tuple[int, ...] = (1, 1, 2)
    undated: float = 0.01


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _with(prefix: str, text: str) -> tuple[tuple[str, str], ...]:
    return tuple((prefix, word.replace("_", " ")) for word in text.split())


_DUTCH = Origin(
    share=0.60,
    female=_words("""

        Maria Johanna Anna Wilhelmina Cornelia Elisabeth Hendrika Margaretha Catharina Petronella Adriana
        Jacoba Sanne Lotte Emma Sophie Julia Tess Lieke Femke Marieke Ilse Fleur Noor Roos Eva Lisa Iris
        Anouk Esmée Zoë Chloë Anne-Marie Saskia Ingrid Monique Ineke Marloes Judith Daniëlle Mirjam Linda
        Karin Yvonne Desirée Jolanda Nienke
    """),
    male=_words("""

        Johannes Cornelis Hendrik Willem Pieter Jacobus Gerardus Adrianus Antonius Petrus Franciscus
        Theodorus Jan Kees Daan Sem Lucas Levi Finn Thijs Bram Ruben Jesse Stijn Lars Tim Niels Jeroen Bas
        Martijn Sander Wouter Joost Maarten IJsbrand Matthijs René André Gijs Floris Casper Rik Teun Robbert
        Michiel Dennis Patrick Marco Edwin
    """),
    surnames=(
        *_with(
            "",
            """
            Jansen Janssen Bakker Visser Smit Meijer Mulder Bos Vos Peters Hendriks Dekker Brouwer Smits
            Kramer Scholten Post Kuipers Willems Jacobs Evers Maas Verhoeven Prins Blom Huisman Peeters Jonker
            Schouten Willemsen Gerritsen Timmermans Groen Molenaar Schipper Hermans Sanders Driessen Verbeek
            Wolters Bosch Martens Kuiper Bosman Vermeulen Hofman Koster Molenaars Claassen Lammers Wessels
            Verschoor Pronk Hoogendoorn Ouwerkerk Kooijman Schuurman Bijl Dijkman Nijland Kluijver Wijnands
            Rijnders Boogaard Slot Kwakkel Stam Zwart
        """,
        ),
        *_with(
            "van der",
            "Berg Meer Veen Linden Heuvel Wal Horst Broek Beek Laan Steen Ven Velde Hoek Poel Made",
        ),
        *_with("van den", "Berg Heuvel Broek Bosch Brink Dungen Hoek Akker Boom"),
        *_with("ter", "Horst Beek Laak Steege Haar Brugge"),
        *_with(
            "de",
            "Vries Jong Groot Boer Wit Haan Graaf Lange Ruiter Koning Bruin Ridder Waard Leeuw Rooij Kok",
        ),
        *_with(
            "van",
            "Dongen Leeuwen Rijn Doorn Vliet Loon Es Dam Hees Gelder Wijk Beek Kessel Ooijen Schaik Zanten",
        ),
        *_with("van 't", "Hof Veer Hooft Wout"),
        *_with("op de", "Weegh Kamp Laak"),
        *_with("in 't", "Veld Groen"),
    ),
    given_names=(1, 1, 2, 2, 2, 3, 3),
    undated=0.001,
)
_FRISIAN = Origin(
    share=0.05,
    female=_words(
        "Sietske Tjitske Jeltje Froukje Hiltje Wytske Aafke Fokje Baukje Ytsje Nynke Doutzen Griet Hinke"
    ),
    male=_words(
        "Sjoerd Wiebe Jelle Tjeerd Douwe Sybren Folkert Hylke Gerlof Rinse Oeds Ype Fedde Wytze Eelke Harmen"
    ),
    surnames=_with(
        "",
        """
        Hoekstra Dijkstra Postma Veenstra Terpstra Zijlstra Sikkema Wiersma Bouma Hiemstra Bijlsma Haitsma
        Ypma Jorritsma Tuinstra Sijtsma Buwalda Andringa Kooistra Wijbenga
    """,
    ),
    undated=0.001,
)
_TURKISH = Origin(
    share=0.07,
    female=_words("""

        Fatma Ayşe Emine Hatice Zeynep Elif Meryem Şerife Sultan Hülya Gülsüm Özlem Derya Sevgi Yasemin
        Büşra Çiğdem
    """),
    male=_words("""

        Mehmet Mustafa Ahmet Ali Hüseyin Hasan İbrahim Osman Yusuf Murat Ömer Emre Burak Kemal Çetin Şahin
        Gökhan Uğur
    """),
    surnames=_with(
        "",
        """
        Yılmaz Kaya Demir Şahin Çelik Yıldız Yıldırım Öztürk Aydın Özdemir Arslan Doğan Kılıç Aslan Çetin Koç
        Kurt Özkan Şimşek Güneş Bayrak Türkmen
    """,
    ),
    undated=0.06,
)
_MOROCCAN = Origin(
    share=0.08,
    female=_words("""

        Fatima Khadija Aïcha Samira Naïma Rachida Malika Hafida Nadia Hanane Ikram Soumaya Zohra Latifa
        Yasmina Btissam
    """),
    male=_words("""

        Mohamed Mohammed Ahmed Rachid Hassan Abdelkader Youssef Karim Said Mustapha Omar Khalid Driss Bilal
        Ayoub Ilias
    """),
    surnames=(
        *_with(
            "",
            """
            Bouali Amrani Bennani Haddou Azzouzi Chaoui Tahiri Ouali Ziani Belkacem Boukhari Mansouri Saïdi
            Bouzid Lahlou
        """,
        ),
        *_with("el", "Khaddouri Idrissi Amrani Yaakoubi Hamdaoui Morabet"),
        *_with("ben", "Moussa Allal"),
        *_with("ait", "Hammou Lahcen"),
    ),
    undated=0.12,
)
_SURINAMESE = Origin(
    share=0.05,
    female=_words(
        "Shanti Indra Radha Sita Priya Anjali Sharmila Jacintha Yvette Marlène Soerjwatie Rosita Mavis"
    ),
    male=_words(
        "Radjesh Soenil Ashwin Vinod Rakesh Humphrey Ruben Stanley Winston Dewnarain Kenneth Lloyd Iwan Ruud"
    ),
    surnames=_with(
        "",
        """
        Ramdin Bissessur Jagessar Ramlal Soekhoe Mahabier Ganga Doerga Kalloe Pinas Kromosoeto Wongsodikromo
        Vriesde Esajas Tjon_A_Hung Lo_Fo_Wong Held Breeveld Sedney Rozenblad
    """,
    ),
    undated=0.02,
)
_POLISH = Origin(
    share=0.05,
    female=_words("""

        Agnieszka Małgorzata Katarzyna Joanna Barbara Zofia Wiktoria Łucja Danuta Grażyna Elżbieta Beata
        Aleksandra
    """),
    male=_words("""

        Piotr Krzysztof Andrzej Tomasz Paweł Michał Łukasz Stanisław Wojciech Zbigniew Jakub Kamil Mateusz
        Aleksander
    """),
    surnames=_with(
        "",
        """
        Nowak Kowalski Wiśniewski Wójcik Kamiński Lewandowski Zieliński Szymański Woźniak Dąbrowski Kozłowski
        Mazur Krawczyk Grabowski
    """,
    ),
    undated=0.001,
)
_ANTILLEAN = Origin(
    share=0.04,
    female=_words(
        "Rosalinda Jeanine Solange Marilena Xiomara Ruthmila Elvira Gianella Nuria Dilayla Reina Sharlon"
    ),
    male=_words("Rignald Ruthsel Angelo Ludwig Raymundo Jurgen Sherman Giovanni Elwin Quincy Rudsel Gregory"),
    surnames=_with(
        "",
        """
        Martina Rosalia Winklaar Maduro Croes Isenia Balentien Cijntje Girigoria Felicia Pieternella Jansen
        Sambo Tromp
    """,
    ),
    undated=0.002,
)
_CHINESE = Origin(
    share=0.02,
    female=_words("Mei Li Xiaoyan Yan Jing Hui Lan Xiu Ying Min Na Fang"),
    male=_words("Wei Jun Ming Hao Lei Qiang Bo Jian Tao Chao Peng Yong"),
    surnames=_with("", "Wang Li Zhang Liu Chen Yang Huang Zhao Wu Zhou Xu Sun Cheng Cheung Wong Lin"),
    given_names=(1, 1, 1, 2),
)
_SYRIAN = Origin(
    share=0.04,
    female=_words("Rania Hala Nour Rima Lina Amal Dalal Rasha Maha Sawsan Ghada Abir"),
    male=_words("Khaled Samer Bashar Omar Fadi Nizar Anas Wael Mahmoud Tarek Ziad Hani"),
    surnames=(
        *_with("", "Khoury Haddad Darwish Nassar Sabbagh Kassab Shahin Qasem"),
        *_with("al", "Masri Hariri Ahmad"),
    ),
    undated=0.10,
)

ORIGINS: tuple[Origin, ...] = (
    _DUTCH,
    _FRISIAN,
    _TURKISH,
    _MOROCCAN,
    _SURINAMESE,
    _POLISH,
    _ANTILLEAN,
    _CHINESE,
    _SYRIAN,
)
