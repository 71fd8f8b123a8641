package schedule

// sharedCapacity is the SKU of a workspace that has none of its own.
const sharedCapacity = "shared"

// sharedPerDay is how often Power BI refreshes a model on shared capacity in a day,
// scheduled and by API together (documented; whether that is a calendar day or 24
// hours, the documentation and the live message say differently).
const sharedPerDay = 8

// parallelism is how many models a capacity refreshes at the same time (documented,
// November 2023; enforced loosely: seen). False for a SKU that is not known.
func parallelism(sku string) (int, bool) {
	n, known := map[string]int{
		"F2": 1, "F4": 2, "F8": 5, "A1": 5, "F16": 10, "A2": 10, "F32": 20, "A3": 20,
		"F64": 40, "P1": 40, "A4": 40, "F128": 80, "P2": 80, "F256": 160, "P3": 160,
		"F512": 320, "P4": 320, "F1024": 640, "P5": 640, "F2048": 1280,
	}[sku]
	return n, known
}
