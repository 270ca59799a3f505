import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('content', '0007_exercises_between'),
        ('tutor', '0003_course_import'),
    ]

    operations = [
        migrations.AddField(
            model_name='courseimport',
            name='adds_to',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='content.concept', verbose_name='adds exercises to'),
        ),
    ]
