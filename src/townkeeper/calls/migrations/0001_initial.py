"""How staff registered cases, held calls, calls back, notes of shifts."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('cases', '0017_callbacks'),
    ]

    operations = [
        migrations.CreateModel(
            name='ShiftNote',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.TextField(verbose_name='note')),
                ('actor', models.CharField(max_length=150)),
                ('at', models.DateTimeField(db_index=True)),
                ('taken_by', models.CharField(blank=True, max_length=150)),
                ('taken_at', models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name='HeldCall',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('actor', models.CharField(db_index=True, max_length=150)),
                ('key', models.CharField(max_length=80)),
                ('label', models.CharField(max_length=80)),
                ('data', models.JSONField(default=dict)),
                ('at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('actor', 'key'), name='calls_held_once')],
            },
        ),
        migrations.CreateModel(
            name='CallBack',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('closing', models.PositiveSmallIntegerField(default=1)),
                ('result', models.CharField(choices=[('reached', 'reached'), ('not-reached', 'not reached'), ('given-up', 'not called again')], max_length=12)),
                ('retry_at', models.DateTimeField(blank=True, null=True)),
                ('note', models.CharField(blank=True, max_length=300)),
                ('actor', models.CharField(max_length=150)),
                ('at', models.DateTimeField()),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='callbacks', to='cases.case')),
            ],
            options={
                'indexes': [models.Index(fields=['actor', 'at'], name='calls_callback_shift')],
            },
        ),
        migrations.CreateModel(
            name='Registration',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('actor', models.CharField(max_length=150)),
                ('urgency', models.CharField(choices=[('normal', 'normal'), ('urgent', 'urgent'), ('very-urgent', 'very urgent')], default='normal', max_length=12)),
                ('result', models.CharField(choices=[('registered', 'registered'), ('filed', 'filed'), ('dispatched', 'dispatched'), ('answered', 'answered at once'), ('merged', 'added to another case')], default='registered', max_length=12)),
                ('is_call', models.BooleanField(default=False)),
                ('seconds', models.PositiveIntegerField(blank=True, null=True)),
                ('at', models.DateTimeField()),
                ('case', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='registration', to='cases.case')),
            ],
            options={
                'indexes': [models.Index(fields=['actor', 'at'], name='calls_registration_shift')],
            },
        ),
    ]
