import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0011_handover_indexes'),
        ('units', '0002_changes'),
    ]

    operations = [
        migrations.AlterField(
            model_name='alarm',
            name='case',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='alarms', to='cases.case'),
        ),
        migrations.AlterField(
            model_name='alarm',
            name='task',
            field=models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='alarms', to='cases.task'),
        ),
        migrations.AlterField(
            model_name='alarm',
            name='ask',
            field=models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='alarms', to='cases.ask'),
        ),
        migrations.AlterField(
            model_name='alarm',
            name='unit',
            field=models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='alarms', to='units.unit'),
        ),
    ]
