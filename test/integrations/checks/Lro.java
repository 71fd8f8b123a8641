import com.azure.core.exception.HttpResponseException;
import com.azure.core.http.HttpHeaderName;
import com.azure.core.http.HttpMethod;
import com.azure.core.http.HttpPipeline;
import com.azure.core.http.HttpPipelineBuilder;
import com.azure.core.http.HttpPipelineCallContext;
import com.azure.core.http.HttpRequest;
import com.azure.core.http.HttpResponse;
import com.azure.core.http.policy.FixedDelayOptions;
import com.azure.core.http.policy.HttpPipelineSyncPolicy;
import com.azure.core.http.policy.RequestIdPolicy;
import com.azure.core.http.policy.RetryOptions;
import com.azure.core.http.policy.RetryPolicy;
import com.azure.core.http.rest.Response;
import com.azure.core.http.rest.SimpleResponse;
import com.azure.core.util.BinaryData;
import com.azure.core.util.Context;
import com.azure.core.util.polling.PollResponse;
import com.azure.core.util.polling.PollingStrategyOptions;
import com.azure.core.util.polling.SyncDefaultPollingStrategy;
import com.azure.core.util.polling.SyncPoller;
import com.azure.core.util.serializer.TypeReference;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * Follows a refresh with the poller of the Java SDKs, SyncPoller over SyncDefaultPollingStrategy:
 *
 *   java -cp 'build/java/*' Lro.java [both, operation-location or location] APP_URL WORKSPACE_ID DATASET_ID
 *
 * with the function key in PBIREFRESH_KEY. It prints {"status", "result", "message"}. With CANCEL set, it cancels the
 * refresh after the first poll, as somebody else would. Requests go through the SDK's pipeline with its own retries.
 * Of the two headers that show the way, only the named one is passed on.
 */
public final class Lro {
    private static final HttpHeaderName KEY = HttpHeaderName.fromString("x-functions-key");
    private static final HttpHeaderName IDEMPOTENCY = HttpHeaderName.fromString("Idempotency-Key");

    public static void main(String[] args) {
        String way = args[0], app = args[1], workspace = args[2], dataset = args[3];
        // The number of retries is not part of what is checked: only the test's patience ends them.
        RetryPolicy retries = new RetryPolicy(new RetryOptions(new FixedDelayOptions(1000, Duration.ofSeconds(1))));
        HttpPipeline pipeline = new HttpPipelineBuilder().policies(new RequestIdPolicy(), retries, new OneWay(way)).build();
        HttpRequest request = new HttpRequest(HttpMethod.POST, app + "/api/refreshes")
            .setHeader(KEY, System.getenv("PBIREFRESH_KEY")).setHeader(IDEMPOTENCY, "\"java-" + dataset + "\"")
            .setHeader(HttpHeaderName.CONTENT_TYPE, "application/json")
            .setBody(BinaryData.fromObject(Map.of("workspaceId", workspace, "datasetId", dataset)));
        String status = "failed", message = "";
        Object result = Map.of();
        try {
            SyncPoller<Map<String, Object>, Map<String, Object>> poller = SyncPoller.createPoller(Duration.ofMillis(200),
                () -> started(pipeline.sendSync(request, Context.NONE)),
                new SyncDefaultPollingStrategy<>(new PollingStrategyOptions(pipeline)),
                new TypeReference<Map<String, Object>>() { }, new TypeReference<Map<String, Object>>() { });
            if (System.getenv("CANCEL") != null) {
                cancel(pipeline, poller.poll().getValue());
            }
            PollResponse<Map<String, Object>> last = poller.waitForCompletion();
            status = words.getOrDefault(last.getStatus().toString(), last.getStatus().toString());
            result = last.getValue();
            message = status.equals("succeeded") ? "" : result.toString();
            result = poller.getFinalResult();
        } catch (RuntimeException error) {
            message = error.getMessage() + " " + message;
        }
        System.out.println(BinaryData.fromObject(Map.of("status", status, "result", result, "message", message)));
    }

    private static final Map<String, String> words =
        Map.of("SUCCESSFULLY_COMPLETED", "succeeded", "FAILED", "failed", "USER_CANCELLED", "canceled");

    /** As the generated clients do: any code that is not expected is an error before there is a poller. */
    private static Response<?> started(HttpResponse response) {
        BinaryData body = response.getBodyAsBinaryData();
        if (response.getStatusCode() != 200 && response.getStatusCode() != 202) {
            throw new HttpResponseException(body.toString(), response);
        }
        return new SimpleResponse<>(response.getRequest(), response.getStatusCode(), response.getHeaders(), body);
    }

    private static void cancel(HttpPipeline pipeline, Map<String, Object> document) {
        HttpRequest request = new HttpRequest(HttpMethod.POST, (String) document.get("terminatePostUri"))
            .setHeader(KEY, System.getenv("PBIREFRESH_KEY"));
        pipeline.sendSync(request, Context.NONE).close();
    }

    /** Removes the headers that must not show the way. */
    private static final class OneWay extends HttpPipelineSyncPolicy {
        private final String way;

        OneWay(String way) {
            this.way = way;
        }

        @Override
        protected HttpResponse afterReceivedResponse(HttpPipelineCallContext context, HttpResponse response) {
            for (String header : List.of("location", "operation-location")) {
                if (!way.equals("both") && !way.equals(header)) {
                    response.getHeaders().remove(HttpHeaderName.fromString(header));
                }
            }
            return response;
        }
    }
}
