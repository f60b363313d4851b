"""The places of running cases, for the map."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0007_address'),
        ('duties', '0004_relapse_as_one'),
        ('units', '0002_changes'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='case',
            index=models.Index(condition=models.Q(('stage__in', ['closed', 'voided', 'merged']), _negated=True), fields=['lat', 'lon'], name='cases_open_point'),
        ),
    ]
