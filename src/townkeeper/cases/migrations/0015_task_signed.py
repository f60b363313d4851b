"""When a person signed for a task: a new column, empty for all there are."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cases", "0014_task_calendar")]

    operations = [
        migrations.AddField("task", "signed_at", models.DateTimeField(blank=True, null=True)),
    ]
