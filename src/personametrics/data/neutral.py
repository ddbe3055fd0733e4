"""Sentences for controls: they say nothing about a person."""

SENTENCES = (
    "The harbour wall was built of grey stone and repaired after every hard winter.",
    "Rain is measured in a glass tube that is emptied each morning at seven.",
    "A loaf of rye keeps for about a week in a wooden box.",
    "The railway crosses the river twice before it reaches the tunnel.",
    "Copper turns green where it is left out in the weather for years.",
    "Most of the island is covered with heather and short grass.",
    "The clock in the tower is wound by hand on Mondays and Thursdays.",
    "Clay from the pit is dried, ground and sieved before it is used.",
    "The library keeps its maps flat in wide drawers of beech wood.",
    "In spring the meltwater carries sand down to the lower lake.",
    "The old ferry had two funnels and a deck of planed oak.",
    "Glass is cooled slowly for a day so that it will not crack.",
    "The road over the pass is closed from November until May.",
    "Wool is washed three times before it is combed and spun.",
    "The lighthouse shows two short flashes every twelve seconds.",
    "Beans are sown in rows a hand apart once the frost is over.",
)
"""Statements about things, from which no opinion of a person follows."""
