// name: deletion/data_label_texts()
// Every label of an input or output, to compare its hash with that of an erased one.
// returns: label str
// cost: all labels of inputs and outputs
MATCH (f:Facet) WHERE f.label >= ''
RETURN DISTINCT f.label AS label;
