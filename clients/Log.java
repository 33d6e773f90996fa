// Log a run and read a trace from Java 17 or newer, `java Log.java`: HEADWATER_URL is the service, HEADWATER_TOKEN a token.
import java.net.URI;
import java.net.http.*;
import java.net.http.HttpRequest.BodyPublishers;

public class Log {
    public static void main(String[] args) throws Exception {
        var env = System.getenv();
        var request = HttpRequest.newBuilder().header("Content-Type", "application/json");
        if (env.containsKey("HEADWATER_TOKEN")) request.header("Authorization", "Bearer " + env.get("HEADWATER_TOKEN"));
        var api = env.getOrDefault("HEADWATER_URL", "http://127.0.0.1:8765") + "/api/v1/";
        var run = "{\"id\": \"java-1\", \"component\": \"predict\", \"ended_at\": \"2026-03-01T12:00:05Z\","
            + "\"inputs\": [{\"name\": \"model.joblib\"}], \"outputs\": [{\"name\": \"java.csv\"}]}";
        HttpClient client = HttpClient.newHttpClient(); var text = HttpResponse.BodyHandlers.ofString();
        var recorded = client.send(request.uri(URI.create(api + "runs")).POST(BodyPublishers.ofString(run)).build(), text);
        if (recorded.statusCode() != 200) throw new RuntimeException(recorded.body());
        System.out.println(client.send(request.uri(URI.create(api + "trace?of=java.csv")).GET().build(), text).body());
    }
}
