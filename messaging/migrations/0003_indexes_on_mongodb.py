"""Plain indexes beside unique constraints, by which MongoDB finds nothing."""

from django.db import migrations, models

from chatsite.operations import AddIndexOnMongoDB


class Migration(migrations.Migration):
    dependencies = [("messaging", "0002_profile_pictures_apart")]
    operations = [
        AddIndexOnMongoDB(
            model_name="membership",
            index=models.Index(fields=["user", "conversation"], name="membership_of_user"),
        ),
        AddIndexOnMongoDB(
            model_name="message",
            index=models.Index(fields=["conversation", "seq"], name="message_by_seq"),
        ),
    ]
