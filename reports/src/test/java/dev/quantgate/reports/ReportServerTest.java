package dev.quantgate.reports;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quantgate.evaluation.record.Side;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportServerTest {
  @TempDir Path folder;

  private static HttpResponse<String> get(URI address) throws IOException, InterruptedException {
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client.send(HttpRequest.newBuilder(address).build(), BodyHandlers.ofString());
    }
  }

  @Test
  void aFinishedResultIsShownAsItsPage() throws Exception {
    try (var server = ReportServer.start(SampleResult.small(folder), 0)) {
      HttpResponse<String> page = get(server.address());
      assertThat(page.statusCode()).isEqualTo(200);
      assertThat(page.body()).contains("HumanEval/3", "Content-Security-Policy");
      assertThat(get(server.address().resolve("/../etc/passwd")).statusCode()).isEqualTo(404);
    }
  }

  @Test
  void aRunThatIsGoingOnIsFollowedUntilItsReport() throws Exception {
    Path out = folder.resolve("going");
    Path run =
        new SampleRun(Side.BASELINE, out).question("ceval", "law", "q", "A", 0, -1, -2, -3).write();
    Files.delete(run.resolve("ceval.jsonl"));
    Files.writeString(run.resolve("journal").resolve("ceval.answers.jsonl"), "{}\n{}\n{torn");
    try (var server = ReportServer.start(out, 0)) {
      assertThat(get(server.address()).body())
          .contains("http-equiv=\"refresh\"")
          .contains(
              "<tr><td>baseline</td><td>ceval</td><td>2 of 1</td><td>0</td><td>going on</td></tr>");
      Path result = SampleResult.small(folder);
      Files.move(result.resolve("comparison.json"), out.resolve("comparison.json"));
      Files.move(result.resolve("pairs"), out.resolve("pairs"));
      assertThat(get(server.address()).body()).contains("HumanEval/3");
    }
  }

  @Test
  void anotherHostsNameIsRefused() throws Exception {
    try (var server = ReportServer.start(folder, 0);
        var socket = new Socket(InetAddress.getLoopbackAddress(), server.address().getPort());
        OutputStream out = socket.getOutputStream();
        InputStream in = socket.getInputStream()) {
      out.write(
          "GET / HTTP/1.1\r\nHost: attacker.example\r\nConnection: close\r\n\r\n"
              .getBytes(StandardCharsets.US_ASCII));
      assertThat(new String(in.readAllBytes(), StandardCharsets.UTF_8)).startsWith("HTTP/1.1 403");
    }
  }

  @Test
  void aResultThatCannotBeReadIsToldInItsPlace() throws Exception {
    Files.writeString(folder.resolve("comparison.json"), "<b>{");
    try (var server = ReportServer.start(folder, 0)) {
      assertThat(get(server.address()).body()).contains("is damaged").doesNotContain("<b>");
    }
  }
}
