"""How those whom a block parts go on seeing each other."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("messaging", "0032_scheduled")]
    operations = [
        migrations.AddField(
            model_name="block",
            name=f"{who}_{what}",
            field=models.CharField(db_default="", default="", max_length=length),
        )
        for who in ("blocker", "blocked")
        for what, length in (("name", 100), ("picture", 200))
    ]
