"""The open tasks of a unit are listed and counted from the index alone."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('calendars', '0001_initial'),
        ('cases', '0009_alarm_once'),
        ('units', '0002_changes'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='task',
            name='cases_task_open',
        ),
        migrations.AddIndex(
            model_name='task',
            index=models.Index(condition=models.Q(('done_at', None)), fields=['unit', 'due_at', 'id', 'case', 'performer'], name='cases_task_list'),
        ),
    ]
