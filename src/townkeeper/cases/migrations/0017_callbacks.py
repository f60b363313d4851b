"""A caller's earlier cases by number; what was closed lately, for calls back."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cases", "0016_follow")]

    operations = [
        migrations.AddIndex(
            "reporter", models.Index(fields=["phone"], name="cases_reporter_phone")
        ),
        migrations.AddIndex(
            "case",
            models.Index(
                fields=["closed_at"],
                condition=models.Q(closed_at__isnull=False),
                name="cases_closed_at",
            ),
        ),
    ]
