"""Indexes for lists: what they are filtered by, in the order in which they are read."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('calendars', '0001_initial'),
        ('cases', '0005_search'),
        ('duties', '0004_relapse_as_one'),
        ('units', '0002_changes'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='case',
            name='cases_open_due',
        ),
        migrations.AlterField(
            model_name='case',
            name='area',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='area_cases', to='units.unit'),
        ),
        migrations.AlterField(
            model_name='case',
            name='category',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='cases', to='duties.category'),
        ),
        migrations.AlterField(
            model_name='case',
            name='unit',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='cases', to='units.unit'),
        ),
        migrations.AlterField(
            model_name='task',
            name='unit',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='tasks', to='units.unit'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(condition=models.Q(('stage__in', ['closed', 'voided', 'merged']), _negated=True), fields=['due_at', 'id', 'stage', 'unit', 'area', 'category', 'channel', 'warn_at', 'opened_at'], name='cases_open_list'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(fields=['unit', 'opened_at'], name='cases_unit_opened'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(fields=['area', 'opened_at'], name='cases_area_opened'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(fields=['category', 'opened_at'], name='cases_category_opened'),
        ),
        migrations.AddIndex(
            model_name='pause',
            index=models.Index(condition=models.Q(('until', None)), fields=['task'], name='cases_pause_open'),
        ),
        migrations.AddIndex(
            model_name='task',
            index=models.Index(fields=['unit', 'case'], name='cases_task_unit'),
        ),
    ]
