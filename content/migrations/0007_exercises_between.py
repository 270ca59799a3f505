from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('content', '0006_variables_in_rows'),
    ]

    operations = [
        migrations.AlterField(
            model_name='exercise',
            name='position',
            field=models.FloatField(default=0, verbose_name='position'),
        ),
    ]
