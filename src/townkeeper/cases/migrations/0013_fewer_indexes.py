"""What an act has to write anew: fewer indexes on cases, tasks and evidence."""

import django.contrib.postgres.indexes
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

UNUSED = (
    "cases_case_number_980c9551_like",
    "cases_case_request_key_c51cf6bd_like",
    "journal_chain_subject_120fcc34_like",
)
"""Django makes them for `LIKE 'x%'`, which nobody asks: search has an index of its own."""


def tune(apps, schema_editor):
    """On PostgreSQL: drop what nobody uses; leave room in a page for the head of a chain to grow.

    A head changes with every act and stands in no index but its key: with room beside it the new
    row needs no entry in that index. Stretches of 32 pages are summed up as soon as they are full.
    """
    if schema_editor.connection.vendor != "postgresql":
        return
    for name in UNUSED:
        schema_editor.execute(f'DROP INDEX IF EXISTS "{name}"')
    schema_editor.execute("ALTER TABLE journal_chain SET (fillfactor = 60)")
    schema_editor.execute(
        "ALTER INDEX cases_updated SET (pages_per_range = 32, autosummarize = on)"
    )
    schema_editor.execute("REINDEX INDEX cases_updated")


def optional(target, name, deletion=django.db.models.deletion.PROTECT):
    """Name a reference that is mostly empty, without an index of its own."""
    return models.ForeignKey(
        blank=True, db_index=False, null=True, on_delete=deletion, related_name=name, to=target
    )


def where_set(name, field):
    """Index it where it is not empty."""
    condition = models.Q((f"{field}__isnull", False))
    return models.Index(condition=condition, fields=[field], name=name)


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0012_alarm_unchecked"),
        ("files", "0002_fingerprints"),
        ("journal", "0002_seals"),
        ("units", "0002_changes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex("case", "cases_updated"),
        migrations.RemoveIndex("case", "cases_open_unit_due"),
        migrations.AlterField("case", "main", optional("cases.case", "merged")),
        migrations.AlterField("case", "place", optional("units.place", "cases")),
        migrations.AlterField(
            "case", "request_key", models.CharField(blank=True, max_length=80, null=True)
        ),
        migrations.AlterField(
            "evidence",
            "before",
            optional("cases.evidence", "afters", django.db.models.deletion.SET_NULL),
        ),
        migrations.AlterField("evidence", "file", optional("files.storedfile", "evidence")),
        migrations.AlterField(
            "evidence",
            "repeats",
            optional("cases.evidence", "repeated_by", django.db.models.deletion.SET_NULL),
        ),
        migrations.AlterField("task", "assignee", optional(settings.AUTH_USER_MODEL, "tasks")),
        migrations.AddIndex(
            "case",
            django.contrib.postgres.indexes.BrinIndex(fields=["updated_at"], name="cases_updated"),
        ),
        migrations.AddIndex("case", where_set("cases_main", "main")),
        migrations.AddIndex("case", where_set("cases_place", "place")),
        migrations.AddIndex("evidence", where_set("cases_evidence_file", "file")),
        migrations.AddIndex("evidence", where_set("cases_evidence_repeats", "repeats")),
        migrations.AddIndex("evidence", where_set("cases_evidence_before", "before")),
        migrations.AddIndex("task", where_set("cases_task_assignee", "assignee")),
        migrations.AddConstraint(
            "case",
            models.UniqueConstraint(
                condition=models.Q(("request_key__isnull", False)),
                fields=("request_key",),
                name="cases_request_key",
            ),
        ),
        migrations.RunPython(tune, migrations.RunPython.noop),
    ]
