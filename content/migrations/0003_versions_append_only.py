from django.db import migrations, models

# What was published is never rewritten, for answers were given to it; it goes only with its exercise, which is looked
# at when the transaction ends, as rows go before the exercise they belong to. An author who leaves leaves the version.
APPEND_ONLY = """
CREATE FUNCTION content_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE FUNCTION content_refuse_removal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM content_exercise WHERE id = OLD.exercise_id) THEN
        RAISE EXCEPTION '% goes only with its exercise', TG_TABLE_NAME
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER exercise_version_unchanged BEFORE UPDATE ON content_exerciseversion FOR EACH ROW
    WHEN (to_jsonb(OLD) - 'author_id' <> to_jsonb(NEW) - 'author_id' OR NEW.author_id IS NOT NULL)
    EXECUTE FUNCTION content_refuse_change();
CREATE CONSTRAINT TRIGGER exercise_version_kept AFTER DELETE ON content_exerciseversion
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION content_refuse_removal();
"""

# Until now courses came from packages only.
ALL_IMPORTED = "UPDATE content_concept SET imported = true"


class Migration(migrations.Migration):

    dependencies = [
        ('content', '0002_exerciseversion_resource_rule_course_authors_and_more'),
    ]

    operations = [
        migrations.AddField(
            model_name='concept',
            name='imported',
            field=models.BooleanField(default=False, editable=False),
        ),
        migrations.AddField(
            model_name='resource',
            name='imported',
            field=models.BooleanField(default=False, editable=False),
        ),
        migrations.RunSQL(ALL_IMPORTED, migrations.RunSQL.noop),
        migrations.RunSQL(APPEND_ONLY),
    ]
