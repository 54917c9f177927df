package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/api/validation/path"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/validation"
)

// readQuantity answers with the canonical text of a quantity, what it is worth in thousandths and whole
// units, and how it stands to a second one, with their sum and difference.
func readQuantity(body json.RawMessage) (any, error) {
	var texts []string
	if err := json.Unmarshal(body, &texts); err != nil {
		return nil, err
	}
	left, err := resource.ParseQuantity(texts[0])
	if err != nil {
		return nil, err
	}
	right, err := resource.ParseQuantity(texts[1])
	if err != nil {
		return nil, fmt.Errorf("right: %w", err)
	}
	sum, difference := left.DeepCopy(), left.DeepCopy()
	sum.Add(right)
	difference.Sub(right)
	answer := map[string]any{
		"text": left.String(), "order": left.Cmp(right), "sum": sum.String(), "difference": difference.String(),
	}
	// Beyond these upstream's numbers are undefined.
	if most := resource.MustParse("9P"); left.Cmp(most) < 0 && left.Sign() >= 0 {
		answer["milli"], answer["whole"] = left.MilliValue(), left.Value()
	}
	return answer, nil
}

// readSelector answers with a selector as it prints, and which of the given label sets it selects.
func readSelector(body json.RawMessage) (any, error) {
	var asked struct {
		Labels   *string               `json:"labels"`
		Fields   *string               `json:"fields"`
		Selector *metav1.LabelSelector `json:"selector"`
		Sets     []map[string]string   `json:"sets"`
	}
	if err := json.Unmarshal(body, &asked); err != nil {
		return nil, err
	}
	selected := []bool{}
	if asked.Fields != nil {
		selector, err := fields.ParseSelector(*asked.Fields)
		if err != nil {
			return nil, err
		}
		for _, set := range asked.Sets {
			selected = append(selected, selector.Matches(fields.Set(set)))
		}
		return map[string]any{"text": selector.String(), "selected": selected}, nil
	}
	var selector labels.Selector
	var err error
	if asked.Selector != nil {
		selector, err = metav1.LabelSelectorAsSelector(asked.Selector)
	} else {
		selector, err = labels.Parse(*asked.Labels)
	}
	if err != nil {
		return nil, err
	}
	for _, set := range asked.Sets {
		selected = append(selected, selector.Matches(labels.Set(set)))
	}
	return map[string]any{"text": selector.String(), "selected": selected}, nil
}

var nameChecks = map[string]func(string) []string{
	"dns-1123-label":     validation.IsDNS1123Label,
	"dns-1123-subdomain": validation.IsDNS1123Subdomain,
	"label-value":        validation.IsValidLabelValue,
	"path-segment":       path.IsValidPathSegmentName,
	"qualified":          validation.IsQualifiedName,
}

// checkName answers with what each check says about a name.
func checkName(body json.RawMessage) (any, error) {
	var name string
	if err := json.Unmarshal(body, &name); err != nil {
		return nil, err
	}
	said := map[string][]string{}
	for check, function := range nameChecks {
		said[check] = append([]string{}, function(name)...)
		if name == "" && (strings.HasPrefix(check, "dns") || check == "path-segment") {
			said[check] = []string{"name or generateName is required"}
		}
	}
	return said, nil
}
