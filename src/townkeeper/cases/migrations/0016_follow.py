"""Who of the public follows a case with a key, and what reporters were asked of the answer."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cases", "0015_task_signed")]

    operations = [
        migrations.AddField(
            "judgement", "stars", models.PositiveSmallIntegerField(blank=True, null=True)
        ),
        migrations.AddField("judgement", "is_solved", models.BooleanField(blank=True, null=True)),
        migrations.CreateModel(
            "Follow",
            [
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "part",
                    models.CharField(
                        choices=[("reporter", "reporter"), ("supporter", "has it too")],
                        max_length=10,
                    ),
                ),
                ("digest", models.CharField(max_length=64, unique=True)),
                ("name", models.CharField(blank=True, max_length=80)),
                ("phone", models.CharField(blank=True, max_length=40)),
                ("made_at", models.DateTimeField()),
                ("reminded_at", models.DateTimeField(blank=True, null=True)),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="follows",
                        to="cases.case",
                    ),
                ),
            ],
        ),
    ]
