"""The calendar of a task is looked up by nobody: without an index a recount moves fewer rows."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cases", "0013_fewer_indexes"), ("calendars", "0001_initial")]

    operations = [
        migrations.AlterField(
            "task",
            "calendar",
            models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="tasks",
                to="calendars.calendarversion",
            ),
        ),
    ]
