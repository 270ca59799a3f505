from django.db import migrations

PORTION = 500
ROWS = {'draw': [], 'let': [], 'where': [], 'themes': [], 'rows': [], 'large': False}


def from_text(apps, schema_editor):
    """Drafts whose variables are a text keep it: it goes on to count beside the rows."""
    Exercise = apps.get_model('content', 'Exercise')
    changed = []
    for row in Exercise.objects.filter(draft__isnull=False).only('draft').iterator(PORTION):
        if isinstance(row.draft['variables'], str):
            row.draft['variables'] = {**ROWS, 'more': row.draft['variables']}
            changed.append(row)
    Exercise.objects.bulk_update(changed, ['draft'], batch_size=PORTION)


class Migration(migrations.Migration):

    dependencies = [
        ('content', '0005_first_versions'),
    ]

    operations = [
        migrations.RunPython(from_text, migrations.RunPython.noop),
    ]
