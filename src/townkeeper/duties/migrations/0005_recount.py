from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("duties", "0004_relapse_as_one")]

    operations = [
        migrations.AddField(
            model_name="category",
            name="is_recount_due",
            field=models.BooleanField(default=False),
        ),
    ]
