"""Calls back to those who have the same trouble as a reporter."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('calls', '0001_initial'),
        ('cases', '0019_task_calendar_open'),
    ]

    operations = [
        migrations.AddField(
            model_name='callback',
            name='follow',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='callbacks', to='cases.follow'),
        ),
    ]
