"""Articles to read aloud, and phrases to write down."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('duties', '0005_recount'),
        ('units', '0003_site_settings'),
    ]

    operations = [
        migrations.CreateModel(
            name='Article',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('question', models.CharField(max_length=200, verbose_name='question')),
                ('wording', models.TextField(verbose_name='wording to read aloud')),
                ('words', models.CharField(blank=True, max_length=300, verbose_name='other words for it')),
                ('review_on', models.DateField(blank=True, null=True, verbose_name='to be reviewed by')),
                ('source', models.CharField(blank=True, max_length=200, verbose_name='source')),
                ('is_example', models.BooleanField(default=False, verbose_name='example')),
                ('is_used', models.BooleanField(default=True, verbose_name='in use')),
                ('version', models.PositiveIntegerField(default=1)),
                ('pinyin', models.CharField(editable=False, max_length=120)),
                ('changed_at', models.DateTimeField()),
                ('changed_by', models.CharField(max_length=150)),
                ('category', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='articles', to='duties.category')),
                ('units', models.ManyToManyField(blank=True, related_name='articles', to='units.unit')),
            ],
            options={
                'ordering': ['pinyin', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='Phrase',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=20, unique=True, verbose_name='key')),
                ('text', models.CharField(max_length=500, verbose_name='text')),
                ('is_used', models.BooleanField(default=True, verbose_name='in use')),
                ('pinyin', models.CharField(editable=False, max_length=120)),
                ('changed_at', models.DateTimeField()),
                ('changed_by', models.CharField(max_length=150)),
                ('category', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='phrases', to='duties.category')),
            ],
            options={
                'ordering': ['key'],
            },
        ),
    ]
