from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("messaging", "0024_voice")]
    operations = [
        migrations.AddField(
            model_name="attachment",
            name="caption",
            field=models.CharField(blank=True, max_length=1000, verbose_name="caption"),
        ),
    ]
