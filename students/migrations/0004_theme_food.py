from django.db import migrations


def rename(apps, schema_editor):
    """What was on offer as cooking is the theme food, as exercises call it."""
    preferences = apps.get_model("students", "Preference").objects
    for preference in preferences.filter(interests__contains=["cooking"]):
        preference.interests = ["food" if theme == "cooking" else theme for theme in preference.interests]
        preference.save(update_fields=["interests"])


class Migration(migrations.Migration):
    dependencies = [("students", "0003_corrections_and_texts")]

    operations = [migrations.RunPython(rename, migrations.RunPython.noop)]
