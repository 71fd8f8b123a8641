package machine

import "time"

var testModel = Model{
	WorkspaceID: "f089354e-8366-4e18-aea3-4cb4a3a50b48",
	DatasetID:   "cfafbeb1-8037-4d0c-896e-a46fb27ff229",
}

func wholeModel() Ask {
	return Ask{Shape: Shape{Kind: Auto}, WhenBusy: WhenBusyQueue, Timeout: 12 * time.Hour, MaxAttempts: 3}
}
