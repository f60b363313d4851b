from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('duties', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='category',
            name='promise',
            field=models.CharField(blank=True, max_length=20),
        ),
        migrations.AddField(
            model_name='category',
            name='relapse_days',
            field=models.PositiveSmallIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='category',
            name='relapse_metres',
            field=models.PositiveSmallIntegerField(blank=True, null=True),
        ),
    ]
