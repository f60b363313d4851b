"""The index of words, filled from the cases there are."""

from django.db import migrations

from townkeeper.cases.search.index import drop_tables, make_tables, rebuild


def make(apps, schema_editor):
    make_tables()
    if apps.get_model("cases", "Case").objects.exists():
        rebuild()


def remove(apps, schema_editor):
    drop_tables()


class Migration(migrations.Migration):
    dependencies = [("cases", "0004_alarms")]
    operations = [migrations.RunPython(make, remove)]
