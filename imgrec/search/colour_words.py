"""The words for colours in each language: for shoppers' words (lexicon.py), for feeds and titles (product_colours.py).

Of each name all the phrases that mean it, in every form, between bars.
"""

COLOUR_WORDS: dict[str, dict[str, str]] = {
    "en": {
        "black": "black",
        "white": "white",
        "grey": "grey | gray | charcoal",
        "silver": "silver | silvery",
        "brown": "brown | tan",
        "beige": "beige | khaki",
        "red": "red | crimson | scarlet | burgundy | maroon",
        "orange": "orange",
        "yellow": "yellow",
        "gold": "gold | golden",
        "green": "green | olive green",
        "turquoise": "turquoise | teal | aqua | cyan",
        "blue": "blue",
        "navy": "navy | navy blue | dark blue",
        "purple": "purple | violet | lilac | lavender",
        "pink": "pink | magenta | fuchsia",
    },
    "de": {
        "black": "schwarz | schwarze | schwarzer | schwarzes | schwarzen | schwarzem",
        "white": "weiß | weiße | weißer | weißes | weißen | weißem | weiss | weisse | weisser | weisses | weissen",
        "grey": "grau | graue | grauer | graues | grauen | grauem | anthrazit"
        " | hellgrau | hellgraue | hellgrauer | hellgraues | hellgrauen"
        " | dunkelgrau | dunkelgraue | dunkelgrauer | dunkelgraues | dunkelgrauen",
        "silver": "silber | silbern | silberne | silberner | silbernes | silbernen | silberfarben",
        "brown": "braun | braune | brauner | braunes | braunen | braunem"
        " | hellbraun | hellbraune | hellbrauner | hellbraunes | hellbraunen"
        " | dunkelbraun | dunkelbraune | dunkelbrauner | dunkelbraunes | dunkelbraunen",
        "beige": "beige | beiges | beigen | beiger | beigefarben | khaki",
        "red": "rot | rote | roter | rotes | roten | rotem | weinrot | weinrote | bordeaux"
        " | hellrot | hellrote | hellroter | hellrotes | hellroten"
        " | dunkelrot | dunkelrote | dunkelroter | dunkelrotes | dunkelroten",
        "orange": "orange | oranges | orangen | oranger | orangefarben",
        "yellow": "gelb | gelbe | gelber | gelbes | gelben | gelbem",
        "gold": "gold | golden | goldene | goldener | goldenes | goldenen | goldfarben",
        "green": "grün | grüne | grüner | grünes | grünen | grünem | gruen | gruene | olivgrün"
        " | hellgrün | hellgrüne | hellgrüner | hellgrünes | hellgrünen"
        " | dunkelgrün | dunkelgrüne | dunkelgrüner | dunkelgrünes | dunkelgrünen",
        "turquoise": "türkis | türkise | türkiser | türkises | türkisen | türkisfarben | petrol",
        "blue": "blau | blaue | blauer | blaues | blauen | blauem | hellblau | hellblaue | hellblauer | hellblaues"
        " | hellblauen",
        "navy": "dunkelblau | dunkelblaue | dunkelblauer | dunkelblaues | dunkelblauen | marineblau | marineblaue"
        " | navy",
        "purple": "lila | violett | violette | violetter | violettes | violetten | flieder",
        "pink": "rosa | pink | pinke | pinker | pinkes | pinken | rosafarben | hellrosa",
    },
    "es": {
        "black": "negro | negra | negros | negras",
        "white": "blanco | blanca | blancos | blancas",
        "grey": "gris | grises",
        "silver": "plateado | plateada | plateados | plateadas | plata | color plata",
        "brown": "marrón | marrones | café | castaño | castaña | castaños | castañas",
        "beige": "beige | beis | caqui",
        "red": "rojo | roja | rojos | rojas | granate | granates | burdeos",
        "orange": "naranja | naranjas | anaranjado | anaranjada | anaranjados | anaranjadas",
        "yellow": "amarillo | amarilla | amarillos | amarillas",
        "gold": "dorado | dorada | dorados | doradas | oro | color oro",
        "green": "verde | verdes",
        "turquoise": "turquesa | turquesas | verde azulado",
        "blue": "azul | azules | celeste | celestes",
        "navy": "azul marino | azules marino | azul oscuro | marino",
        "purple": "morado | morada | morados | moradas | violeta | violetas | lila | lilas | púrpura",
        "pink": "rosa | rosas | rosado | rosada | rosados | rosadas | fucsia | magenta",
    },
    "hi": {
        "black": "काला | काली | काले | ब्लैक",
        "white": "सफ़ेद | सफेद | श्वेत | व्हाइट",
        "grey": "स्लेटी | धूसर | ग्रे",
        "silver": "चाँदी | चांदी | चाँदी जैसा | रुपहला | रुपहली | रुपहले | सिल्वर",
        "brown": "भूरा | भूरी | भूरे | ब्राउन",
        "beige": "बेज | मटमैला | मटमैली | मटमैले | ख़ाकी | खाकी",
        "red": "लाल | रेड | मैरून",
        "orange": "नारंगी | संतरी | ऑरेंज",
        "yellow": "पीला | पीली | पीले | येलो",
        "gold": "सुनहरा | सुनहरी | सुनहरे | सोने जैसा | गोल्डन",
        "green": "हरा | हरी | हरे | ग्रीन",
        "turquoise": "फ़िरोज़ी | फिरोजी | फ़िरोजी",
        "blue": "नीला | नीली | नीले | आसमानी | ब्लू",
        "navy": "गहरा नीला | गहरी नीली | गहरे नीले | नेवी ब्लू | नेवी",
        "purple": "बैंगनी | जामुनी | पर्पल",
        "pink": "गुलाबी | पिंक",
    },
    "ru": {
        "black": "чёрный | чёрная | чёрное | чёрные | чёрного | чёрной | чёрных | чёрном | чёрную",
        "white": "белый | белая | белое | белые | белого | белой | белых | белом | белую",
        "grey": "серый | серая | серое | серые | серого | серой | серых | сером | серую",
        "silver": "серебристый | серебристая | серебристое | серебристые | серебристого | серебристой | серебристых"
        " | серебряный | серебряная | серебряное | серебряные | серебро",
        "brown": "коричневый | коричневая | коричневое | коричневые | коричневого | коричневой | коричневых"
        " | коричневом | коричневую",
        "beige": "бежевый | бежевая | бежевое | бежевые | бежевого | бежевой | бежевых | бежевом | бежевую | хаки",
        "red": "красный | красная | красное | красные | красного | красной | красных | красном | красную | бордовый"
        " | бордовая | бордовое | бордовые",
        "orange": "оранжевый | оранжевая | оранжевое | оранжевые | оранжевого | оранжевой | оранжевых | оранжевую",
        "yellow": "жёлтый | жёлтая | жёлтое | жёлтые | жёлтого | жёлтой | жёлтых | жёлтую",
        "gold": "золотой | золотая | золотое | золотые | золотого | золотых | золотистый | золотистая | золотистое"
        " | золотистые",
        "green": "зелёный | зелёная | зелёное | зелёные | зелёного | зелёной | зелёных | зелёную | оливковый"
        " | оливковая",
        "turquoise": "бирюзовый | бирюзовая | бирюзовое | бирюзовые | бирюзового | бирюзовой | бирюзовых",
        "blue": "синий | синяя | синее | синие | синего | синей | синих | синюю | голубой | голубая | голубое"
        " | голубые | голубого | голубых | голубую",
        "navy": "тёмно-синий | тёмно-синяя | тёмно-синее | тёмно-синие | тёмно-синего | тёмно-синих",
        "purple": "фиолетовый | фиолетовая | фиолетовое | фиолетовые | фиолетового | фиолетовой | фиолетовых"
        " | сиреневый | сиреневая | сиреневое | сиреневые | лиловый | лиловая",
        "pink": "розовый | розовая | розовое | розовые | розового | розовой | розовых | розовую | малиновый"
        " | малиновая",
    },
}
"""By language (ISO 639), then by name (COLOUR_NAMES)."""
