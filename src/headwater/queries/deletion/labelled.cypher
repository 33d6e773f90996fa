// name: deletion/labelled(labels)
// Which inputs and outputs of which runs carry one of these labels.
// param labels: list[str]   labels as JSON texts
// returns: run str, name str, label str
// order: run, name, label
// cost: one index seek a label, then what carries it
// browser: :param labels => ['["client","c42"]']
UNWIND $labels AS label
MATCH (f:Facet {label: label}) USING INDEX SEEK f:Facet(label)
RETURN f.owner AS run, f.name AS name, f.label AS label ORDER BY run, name, label;
