"""Phrases with which a model refuses to answer."""

import re
from typing import NamedTuple

CANNOT = r"\bi ?(?:cannot|can't|can not|won't|will not|(?:am|'m) (?:unable|not able) to|(?:have to|must|need to)? ?decline to|refuse to)"
OBJECT = r"(?:answers?|responses?|opinions?|views?|ratings?|preferences?|assessments?|information|advice|assistance|choice|number)\b"


class Refusal(NamedTuple):
    """One way to refuse: its language, the pattern of the folded text, and a text that it matches."""

    language: str
    pattern: str
    example: str


REFUSALS = (
    Refusal("English", r"\bas an? (?:ai|artificial intelligence|(?:large )?language model)\b", "As an AI language model, I have no view."),
    Refusal("English", r"\bi(?:'m| am) (?:just |only )?an? (?:ai|artificial|(?:large )?language model)\b", "I'm an AI."),
    Refusal("English", CANNOT + r" (?:answer|respond|reply|comply|participate|engage|comment|assist|role-?play)\b", "I can't answer that."),
    Refusal("English", CANNOT + r" (?:provide|give|offer|share|express|make)(?: [\w']+){0,3}? " + OBJECT, "I cannot provide an answer."),
    Refusal("English", CANNOT + r" help (?:you )?with (?:that|this)\b", "I can't help with this."),
    Refusal("English", r"\bi(?:'m| am) sorry, but i (?:cannot|can't|won't|must|have to|'m not|am not)\b", "I'm sorry, but I can't."),
    Refusal("English", r"\bi(?:'d| would)? (?:prefer|rather) not (?:to )?(?:answer|say|respond)\b", "I'd rather not say."),
    Refusal(
        "English", r"\bi (?:do not|don't) have (?:any )?personal (?:opinions|feelings|beliefs|views)\b", "I don't have personal opinions."
    ),
    Refusal("German", r"\bals (?:eine? )?(?:ki|künstliche intelligenz|sprachmodell)\b", "Als KI habe ich keine Meinung."),
    Refusal("German", r"\bich (?:kann|werde|möchte) (?:\w+ ){0,4}?nicht (?:be)?antworten\b", "Ich kann diese Frage nicht beantworten."),
    Refusal("French", r"\ben tant qu'(?:ia|intelligence artificielle|assistant|modèle)\b", "En tant qu'IA, je n'ai pas d'avis."),
    Refusal("French", r"\bje ne (?:peux|puis|souhaite) pas (?:répondre|fournir)\b", "Je ne peux pas répondre."),
    Refusal("Spanish", r"\bcomo (?:una? )?(?:ia|inteligencia artificial|modelo de lenguaje)\b", "Como IA, no tengo opiniones."),
    Refusal("Spanish", r"\bno puedo (?:responder|contestar|proporcionar)\b", "No puedo responder a eso."),
    Refusal("Portuguese", r"\bcomo (?:uma? )?(?:inteligência artificial|modelo de linguagem)\b", "Como modelo de linguagem, não opino."),
    Refusal("Portuguese", r"\bnão posso (?:responder|fornecer)\b", "Não posso responder."),
    Refusal("Italian", r"\bcome (?:intelligenza artificiale|modello linguistico)\b", "Come intelligenza artificiale, non ho opinioni."),
    Refusal("Italian", r"\bnon posso (?:rispondere|fornire)\b", "Non posso rispondere."),
    Refusal("Dutch", r"\bals (?:ai|taalmodel)\b|\bik kan (?:\w+ ){0,4}?niet (?:be)?antwoorden\b", "Ik kan deze vraag niet beantwoorden."),
    Refusal("Polish", r"\bjako (?:ai|model językowy)\b|\bnie mogę (?:odpowiedzieć|udzielić)\b", "Nie mogę odpowiedzieć."),
    Refusal("Russian", r"\bкак (?:ии|языковая модель)\b|\bя не могу (?:ответить|отвечать)\b", "Я не могу ответить."),
    Refusal("Turkish", r"\bbir yapay zek[aâ]\b|\b(?:cevap|yanıt) veremem\b", "Buna cevap veremem."),
    Refusal("Arabic", r"\bلا (?:أستطيع|استطيع|يمكنني) (?:الإجابة|الرد)", "لا يمكنني الإجابة."),
    Refusal("Hindi", r"(?:उत्तर|जवाब) नहीं दे सकत", "मैं इसका उत्तर नहीं दे सकता।"),
    Refusal("Chinese", r"作为(?:一个|一名)?(?:ai|人工智能|语言模型)|(?:无法|不能|無法)回答", "我无法回答这个问题。"),
    Refusal("Japanese", r"(?:ai|言語モデル)として|(?:お答え|回答)(?:は)?(?:でき|いたしかね)", "お答えできません。"),
    Refusal("Korean", r"(?:ai|언어 모델)로서|(?:답변|대답)(?:을)? ?(?:드릴|할) 수 없", "답변할 수 없습니다."),
)
"""The phrases by language; their order does not matter."""
ANY = re.compile("|".join(f"(?:{refusal.pattern})" for refusal in REFUSALS))
OPENING = re.compile(
    rf"\W*(?:(?:i(?:'m| am) )?(?:so |very )?sorry\W+|i apologi[sz]e\W+|(?:but|unfortunately|however)\W+)*(?:{ANY.pattern})"
)
NO = re.compile(rf"\W*(?:no|nein|non|não|nie|nee)\W+(?:(?:sorry|i'm sorry|but)\W+)*(?:{ANY.pattern})")


def refuses(text: str, *, opening: bool = False) -> bool:
    """Return True if a folded text, or its start (`opening`), refuses to answer.

    Examples:
        >>> refuses("well, i can't answer that."), refuses("well, i can't answer that.", opening=True)
        (True, False)
    """
    return bool(OPENING.match(text) if opening else ANY.search(text))


def says_no(text: str) -> bool:
    """Return whether the "no" at the start of a folded text belongs to a refusal, so that it is not an answer.

    Examples:
        >>> says_no("no, i cannot answer that."), says_no("no, i never drink tea.")
        (True, False)
    """
    return bool(NO.match(text))
