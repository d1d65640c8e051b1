import mlcroissant
from said import say, version


def tables():
    dataset = mlcroissant.Dataset(jsonld=version() / "croissant.json")
    for record_set in dataset.metadata.record_sets:
        if record_set.data is None:
            columns = [field.id.removeprefix(f"{record_set.id}/") for field in record_set.fields]
            path = record_set.id.removeprefix("default/") + ".parquet"
            yield path, columns, map(short, dataset.records(record_set.id))


def short(value):
    """A record with the names of its columns for the identifiers of its fields, in which the names come last."""
    if isinstance(value, dict):
        return {key.rpartition("/")[2]: short(one) for key, one in value.items()}
    return [short(one) for one in value] if isinstance(value, list) else value


say(mlcroissant, tables())
