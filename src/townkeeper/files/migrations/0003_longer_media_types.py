"""Names of office formats are longer than sixty characters."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Widens the column."""

    dependencies = [("files", "0002_fingerprints")]

    operations = [
        migrations.AlterField(
            model_name="storedfile",
            name="media_type",
            field=models.CharField(max_length=100),
        ),
    ]
