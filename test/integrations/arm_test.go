package integrations

import (
	"encoding/json"
	"strings"
	"testing"
)

// A template as Azure Resource Manager takes it
// (documented: https://learn.microsoft.com/azure/azure-resource-manager/templates/syntax).
type template struct {
	Schema     string                  `json:"$schema"`
	Version    string                  `json:"contentVersion"`
	Parameters map[string]armParameter `json:"parameters"`
	Resources  []armResource           `json:"resources"`
}

type armParameter struct {
	Type     string            `json:"type"`
	Default  *string           `json:"defaultValue,omitempty"`
	Metadata map[string]string `json:"metadata"`
}

type armResource struct {
	Condition  string          `json:"condition,omitempty"`
	Type       string          `json:"type"`
	APIVersion string          `json:"apiVersion"`
	Name       string          `json:"name"`
	DependsOn  []string        `json:"dependsOn"`
	Properties json.RawMessage `json:"properties"`
}

// byIdentity is the linked service for apps behind App Service authentication.
const byIdentity = "RefreshFunctionByIdentity"

// armTemplate puts the factory's files into one template. What a user would fill
// in is a parameter.
func armTemplate(t *testing.T) []byte {
	t.Helper()
	none, name := "", secret
	tpl := template{
		Schema: "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#", Version: "1.0.0.0",
		Parameters: map[string]armParameter{
			"factoryName":           {Type: "string", Metadata: described("The data factory that the pipelines are put into.")},
			"functionAppUrl":        {Type: "string", Metadata: described("Where pbirefresh runs, such as https://contoso-refresh.azurewebsites.net, without a slash at the end.")},
			"keyVaultUrl":           {Type: "string", Metadata: described("The vault that holds the function key, such as https://contoso.vault.azure.net, without a slash at the end.")},
			"functionKeySecretName": {Type: "string", Default: &name, Metadata: described("The secret in the vault that is the function key.")},
			"entraApplicationId":    {Type: "string", Default: &none, Metadata: described("Only if App Service authentication protects the app: the client id of its Entra application.")},
		},
	}
	for _, path := range []string{"RefreshKeyVault", "RefreshFunction", byIdentity} {
		tpl.Resources = append(tpl.Resources, factoryResource(t, "linkedService/"+path+".json"))
	}
	for _, path := range glob(t, "adf/pipeline/*.json") {
		tpl.Resources = append(tpl.Resources, factoryResource(t, strings.TrimPrefix(path, "adf/")))
	}
	return indented(t, tpl)
}

func described(text string) map[string]string { return map[string]string{"description": text} }

// factoryResource turns one of the factory's files into a resource.
func factoryResource(t *testing.T, path string) armResource {
	t.Helper()
	text := armValues.Replace(string(raw(t, "adf/"+path)))
	var d struct {
		Name       string          `json:"name"`
		Properties json.RawMessage `json:"properties"`
	}
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		t.Fatal(err)
	}
	kind := "Microsoft.DataFactory/factories/" + strings.Split(path, "/")[0] + "s"
	r := armResource{Type: kind, APIVersion: "2018-06-01", Name: "[concat(parameters('factoryName'), '/" + d.Name + "')]",
		DependsOn: []string{}, Properties: d.Properties}
	if d.Name == byIdentity {
		r.Condition = "[not(empty(parameters('entraApplicationId')))]"
	}
	for _, other := range []string{"RefreshKeyVault", "RefreshFunction", byIdentity} {
		if other != d.Name && strings.Contains(text, `'`+other+`'`) || strings.Contains(text, `"referenceName": "`+other+`"`) {
			r.DependsOn = append(r.DependsOn, "[resourceId('Microsoft.DataFactory/factories/linkedServices', parameters('factoryName'), '"+other+"')]")
		}
	}
	return r
}

// armValues makes parameters of what a user fills in.
var armValues = strings.NewReplacer(
	`"https://YOUR-APP.azurewebsites.net"`, `"[parameters('functionAppUrl')]"`,
	`"https://YOUR-VAULT.vault.azure.net"`, `"[parameters('keyVaultUrl')]"`,
	`"https://YOUR-VAULT.vault.azure.net/"`, `"[parameters('keyVaultUrl')]"`,
	`"`+secret+`"`, `"[parameters('functionKeySecretName')]"`,
	`"YOUR-ENTRA-APPLICATION-ID"`, `"[parameters('entraApplicationId')]"`,
	`"referenceName": "RefreshFunction"`,
	`"referenceName": "[if(empty(parameters('entraApplicationId')), 'RefreshFunction', '`+byIdentity+`')]"`,
)

// The template, deployed with a user's values, is what the files say with these
// values filled in.
func TestTemplateIsTheFiles(t *testing.T) {
	t.Parallel()
	for name, application := range map[string]string{"by key": "", "by identity": "1b7e"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			deployed := deploy(t, raw(t, "adf/arm-template.json"), map[string]string{
				"factoryName": "f", "functionAppUrl": appURL, "keyVaultUrl": vaultURL, "entraApplicationId": application, "functionKeySecretName": secret,
			})
			for _, path := range append(glob(t, "adf/pipeline/*.json"), glob(t, "adf/linkedService/*.json")...) {
				text := strings.ReplaceAll(string(file(t, path)), "YOUR-ENTRA-APPLICATION-ID", application)
				text = strings.ReplaceAll(text, vaultURL+"/\"", vaultURL+"\"")
				if application != "" {
					text = strings.ReplaceAll(text, `"referenceName": "RefreshFunction"`, `"referenceName": "`+byIdentity+`"`)
				} else if strings.Contains(path, byIdentity) {
					continue
				}
				var d struct {
					Name       string
					Properties any
				}
				if err := json.Unmarshal([]byte(text), &d); err != nil {
					t.Fatal(err)
				}
				if got, want := string(indented(t, deployed[d.Name])), string(indented(t, d.Properties)); got != want {
					t.Errorf("%s is deployed as %s\nwant %s", d.Name, got, want)
				}
			}
		})
	}
}
