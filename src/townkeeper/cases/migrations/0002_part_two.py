import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('calendars', '0001_initial'),
        ('cases', '0001_initial'),
        ('duties', '0002_part_two'),
        ('units', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Alarm',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('rung', models.PositiveSmallIntegerField()),
                ('turn', models.PositiveSmallIntegerField(default=0)),
                ('rule', models.CharField(max_length=30)),
                ('card', models.CharField(blank=True, max_length=10)),
                ('tell', models.JSONField(blank=True, default=list)),
                ('due_at', models.DateTimeField()),
                ('at', models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.CreateModel(
            name='Judgement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('closing', models.PositiveSmallIntegerField(default=1)),
                ('verdict', models.CharField(choices=[('satisfied', 'satisfied'), ('partly', 'partly satisfied'), ('dissatisfied', 'dissatisfied')], max_length=12)),
                ('comment', models.TextField(blank=True)),
                ('channel', models.CharField(blank=True, max_length=40)),
                ('actor', models.CharField(max_length=150)),
                ('at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='Merge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('actor', models.CharField(max_length=150)),
                ('reason', models.TextField(blank=True)),
                ('found', models.JSONField(blank=True, default=dict)),
                ('before', models.JSONField(blank=True, default=dict)),
                ('undone_at', models.DateTimeField(blank=True, null=True)),
                ('undone_by', models.CharField(blank=True, max_length=150)),
                ('undone_reason', models.TextField(blank=True)),
            ],
        ),
        migrations.RemoveIndex(
            model_name='case',
            name='cases_open_due',
        ),
        migrations.RemoveIndex(
            model_name='case',
            name='cases_open_unit_due',
        ),
        migrations.RemoveIndex(
            model_name='task',
            name='cases_task_open',
        ),
        migrations.AddField(
            model_name='ask',
            name='clause',
            field=models.CharField(blank=True, max_length=300),
        ),
        migrations.AddField(
            model_name='ask',
            name='decision',
            field=models.TextField(blank=True),
        ),
        migrations.AddField(
            model_name='ask',
            name='due_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='ask',
            name='effect',
            field=models.CharField(blank=True, max_length=20),
        ),
        migrations.AddField(
            model_name='ask',
            name='limit',
            field=models.CharField(blank=True, max_length=20),
        ),
        migrations.AddField(
            model_name='ask',
            name='next_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='ask',
            name='other',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='asks_about', to='units.unit'),
        ),
        migrations.AddField(
            model_name='ask',
            name='ruled',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='rulings', to='units.unit'),
        ),
        migrations.AddField(
            model_name='ask',
            name='rung',
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='ask',
            name='stated_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='ask',
            name='stated_by',
            field=models.CharField(blank=True, max_length=150),
        ),
        migrations.AddField(
            model_name='ask',
            name='statement',
            field=models.TextField(blank=True),
        ),
        migrations.AddField(
            model_name='ask',
            name='unit',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='asks', to='units.unit'),
        ),
        migrations.AddField(
            model_name='case',
            name='main',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='merged', to='cases.case'),
        ),
        migrations.AddField(
            model_name='case',
            name='promise',
            field=models.CharField(blank=True, max_length=20),
        ),
        migrations.AddField(
            model_name='case',
            name='promise_due_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='promised by'),
        ),
        migrations.AddField(
            model_name='evidence',
            name='before',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='afters', to='cases.evidence'),
        ),
        migrations.AddField(
            model_name='evidence',
            name='distance_m',
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='evidence',
            name='findings',
            field=models.JSONField(blank=True, default=list),
        ),
        migrations.AddField(
            model_name='evidence',
            name='repeats',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='repeated_by', to='cases.evidence'),
        ),
        migrations.AddField(
            model_name='task',
            name='next_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='task',
            name='rung',
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AlterField(
            model_name='case',
            name='stage',
            field=models.CharField(choices=[('intake', 'to accept'), ('filing', 'to file'), ('dispatch', 'to dispatch'), ('handling', 'in handling'), ('dispute', 'in dispute'), ('verifying', 'to verify'), ('answering', 'to answer'), ('shelved', 'cannot be solved now'), ('closed', 'closed'), ('voided', 'voided'), ('merged', 'merged into another'), ('other', 'other')], max_length=12, verbose_name='state'),
        ),
        migrations.AlterField(
            model_name='task',
            name='stage',
            field=models.CharField(choices=[('intake', 'to accept'), ('filing', 'to file'), ('dispatch', 'to dispatch'), ('handling', 'in handling'), ('dispute', 'in dispute'), ('verifying', 'to verify'), ('answering', 'to answer'), ('shelved', 'cannot be solved now'), ('closed', 'closed'), ('voided', 'voided'), ('merged', 'merged into another'), ('other', 'other')], max_length=12),
        ),
        migrations.AddIndex(
            model_name='ask',
            index=models.Index(condition=models.Q(('decided_at', None), ('next_at__isnull', False)), fields=['next_at'], name='cases_ask_next'),
        ),
        migrations.AddIndex(
            model_name='ask',
            index=models.Index(fields=['effect', 'decided_at'], name='cases_ask_effect'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(condition=models.Q(('stage__in', ['closed', 'voided', 'merged']), _negated=True), fields=['due_at', 'id'], name='cases_open_due'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(condition=models.Q(('stage__in', ['closed', 'voided', 'merged']), _negated=True), fields=['unit', 'due_at', 'id'], name='cases_open_unit_due'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(condition=models.Q(('stage', 'closed')), fields=['category', 'closed_at'], name='cases_closed_category'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(fields=['lat', 'lon'], name='cases_point'),
        ),
        migrations.AddIndex(
            model_name='task',
            index=models.Index(condition=models.Q(('done_at', None)), fields=['unit', 'due_at', 'id'], name='cases_task_open'),
        ),
        migrations.AddIndex(
            model_name='task',
            index=models.Index(condition=models.Q(('done_at', None), ('next_at__isnull', False)), fields=['next_at'], name='cases_task_next'),
        ),
        migrations.AddField(
            model_name='alarm',
            name='ask',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='alarms', to='cases.ask'),
        ),
        migrations.AddField(
            model_name='alarm',
            name='case',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='alarms', to='cases.case'),
        ),
        migrations.AddField(
            model_name='alarm',
            name='task',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='alarms', to='cases.task'),
        ),
        migrations.AddField(
            model_name='alarm',
            name='unit',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='alarms', to='units.unit'),
        ),
        migrations.AddField(
            model_name='judgement',
            name='case',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='judgements', to='cases.case'),
        ),
        migrations.AddField(
            model_name='merge',
            name='case',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='merges', to='cases.case'),
        ),
        migrations.AddField(
            model_name='merge',
            name='main',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='merges_in', to='cases.case'),
        ),
        migrations.AddConstraint(
            model_name='alarm',
            constraint=models.UniqueConstraint(condition=models.Q(('task', None), _negated=True), fields=('task', 'turn', 'rung'), name='cases_alarm_task'),
        ),
        migrations.AddConstraint(
            model_name='alarm',
            constraint=models.UniqueConstraint(condition=models.Q(('ask', None), _negated=True), fields=('ask', 'turn', 'rung'), name='cases_alarm_ask'),
        ),
        migrations.AddConstraint(
            model_name='judgement',
            constraint=models.UniqueConstraint(fields=('case', 'closing'), name='cases_judgement_once'),
        ),
        migrations.AddConstraint(
            model_name='merge',
            constraint=models.UniqueConstraint(condition=models.Q(('undone_at', None)), fields=('case',), name='cases_merge_one'),
        ),
    ]
