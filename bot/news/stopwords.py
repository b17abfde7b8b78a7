"""Words that say nothing of an event, in the languages that the wire speaks best.

A closed list, folded as bot.news.tokens folds. Frequent words that carry meaning ("president") are
not here: their weight falls by itself as they are counted. Nor are words that carry meaning in
another of these languages (die, war, son, fur, plus, come).
"""

from typing import Final

_ENGLISH = """
a an the and or but nor of to in on at by for from with without into onto over under after before
about against between among during through as is are was were be been being am do does did done
has have had having will would shall should can could may might must not no it its he him his she
her hers they them their theirs we us our you your i me my this that these those there here who
whom whose which what when where why how than then so if because while also just only very more
most much many some any all each every other such own same too s t re ve ll d m up out off down
again new news says said say year years
"""
_RUSSIAN = """
и в во не что он на я с со как а то все она так его но да ты к у же вы за бы по только ее мне было
вот от меня еще нет о из ему теперь когда даже ну ли если уже или ни быть был него до вас ни будет
над под об при для это эта этот эти этом того тем чем кто где их им нам нас она они оно мы были
была будут более также после перед между через без про свои свой своей своего который которая
которые которых которого году год года лет сообщил сообщила заявил заявила рассказал
"""
_UKRAINIAN = """
і й та в у во не що він на я з із зі як а то все вона так його але ти до від ви за би б по для лише
тільки ще є це ця цей ці цього цьому тим чим хто де їх їм нам нас вони воно ми був була були буде
будуть більше також після перед між через без про свої свій своєї свого який яка які яких якого
року рік роки років над під при чи або якщо вже ні повідомив повідомила заявив заявила
"""
_GERMAN = """
der das den dem des ein eine einer eines einem einen und oder aber in im an auf aus bei mit
nach von vom zu zum zur uber unter vor gegen durch ist sind waren wird werden wurde
haben hatte nicht kein keine auch als wie so nur noch schon sich er sie es wir ihr ihre sein seine
dass was wer wo wann wenn um bis mehr sagt
"""
_FRENCH = """
le la les l un une des du de d et ou mais en dans sur sous par pour avec sans vers chez au aux est
sont etait etre a ont avait ne que qu qui quoi dont ou ce cet cette ces il elle ils elles
on nous vous je sa ses leur leurs se s n y c apres avant entre selon comme aussi
"""
_SPANISH = """
el la los las lo un una unos unas de del al y e o u pero en con por para sobre entre hasta desde
es era fue ser ha han habia si mas que quien como cuando donde su sus se le les nos este esta
estos estas ese esa tras ante segun ya muy tambien
"""
_ITALIAN = """
il lo la i gli le l un uno una di del dello della dei degli delle e ed o ma in nel nella nei con su
sul sulla per tra fra da dal dalla dai al alla ai alle sono era essere ha non piu che chi cui
quando dove suo sua suoi si ci questo questa dopo prima anche
"""
_POLISH = """
i w we z ze na do od o u po za dla przy przed pod nad przez bez miedzy oraz a ale lub czy nie to
ten ta te tego tej tym tych jest sa byl byla bylo beda bedzie sie jego jej ich jak co kto gdzie gdy
ze juz jeszcze tylko takze po roku
"""
_PORTUGUESE = """
o os as um uma uns umas de do da dos das e ou mas em no na nos nas sem por para sobre entre ate
foi ser sao era ha nao mais que quem como quando onde seu sua seus suas se apos tambem
"""


def _folded(text: str) -> frozenset[str]:
    # The folding of bot.news.tokens for the few letters that these lists hold.
    return frozenset(text.translate(str.maketrans("йїё", "иіе")).split())


STOP_WORDS: Final = _folded(
    _ENGLISH
    + _RUSSIAN
    + _UKRAINIAN
    + _GERMAN
    + _FRENCH
    + _SPANISH
    + _ITALIAN
    + _POLISH
    + _PORTUGUESE
)
"""Folded stop words of nine languages. Their number words are kept: they tell events apart."""
