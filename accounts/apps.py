from django.apps import AppConfig

from chatsite.lifespan import on_startup


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from accounts.services import log_outs  # which needs the models

        on_startup.append(log_outs.resume)
