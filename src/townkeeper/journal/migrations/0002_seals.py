from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('journal', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='seal',
            name='count',
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='seal',
            name='late',
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name='seal',
            name='missing',
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name='seal',
            name='public_key',
            field=models.CharField(default='', max_length=64),
        ),
    ]
