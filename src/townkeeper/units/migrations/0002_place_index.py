from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('units', '0001_initial'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='place',
            name='units_place_area',
        ),
    ]
