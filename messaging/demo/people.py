"""Who lives on the demo site."""

from dataclasses import dataclass

DOMAIN = "demo.example"


@dataclass(frozen=True, slots=True)
class DemoPerson:
    handle: str
    full_name: str
    picture: str = ""  # the name of a drawing
    role: str = ""

    @property
    def email(self) -> str:
        return f"{self.handle}@{DOMAIN}"


PEOPLE = (
    DemoPerson("ada", "Ada Lindqvist"),
    DemoPerson("mira", "Mira Okonkwo", picture="hills"),
    DemoPerson("jonas", "Jonas Weber"),
    DemoPerson("layla", "Layla Haddad"),
    DemoPerson("nana", "Nana", picture="dahlia"),
    DemoPerson("teo", "Teo Marchetti", picture="record"),
    DemoPerson("aoi", "小林 葵"),
    DemoPerson("max", "Maximiliane von und zu Hohenstein-Wolkenburg"),
    DemoPerson("soren", "Søren Kjær"),
    DemoPerson("dev", "Dev Patel"),
    DemoPerson("ines", "Inês Carvalho"),
    DemoPerson("amara", "Amara Diallo"),
    DemoPerson("petra", "Petra Nováková"),
    DemoPerson("robin", "Robin Achterberg", role="admin"),
)
