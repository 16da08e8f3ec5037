"""Who lives on the demo site."""

from dataclasses import dataclass

DOMAIN = "demo.example"


@dataclass(frozen=True, slots=True)
class Person:
    handle: str
    full_name: str
    picture: str = ""  # the name of a drawing
    role: str = ""

    @property
    def email(self) -> str:
        return f"{self.handle}@{DOMAIN}"


PEOPLE = (
    Person("ada", "Ada Lindqvist"),
    Person("mira", "Mira Okonkwo", picture="hills"),
    Person("jonas", "Jonas Weber"),
    Person("layla", "Layla Haddad"),
    Person("nana", "Nana", picture="dahlia"),
    Person("teo", "Teo Marchetti", picture="record"),
    Person("aoi", "小林 葵"),
    Person("max", "Maximiliane von und zu Hohenstein-Wolkenburg"),
    Person("soren", "Søren Kjær"),
    Person("dev", "Dev Patel"),
    Person("ines", "Inês Carvalho"),
    Person("amara", "Amara Diallo"),
    Person("petra", "Petra Nováková"),
    Person("robin", "Robin Achterberg", role="admin"),
)
