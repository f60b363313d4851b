from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("calendars", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="calendarversion",
            name="time_zone",
            field=models.CharField(default="Asia/Shanghai", max_length=40),
        ),
    ]
