import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.bookkeeper.client.api.BookKeeper;
import org.apache.bookkeeper.client.api.DigestType;
import org.apache.bookkeeper.conf.ClientConfiguration;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.config.Configurator;

/**
 * Ledgers is the proof that nothing was lost. "write" writes ledgers and records what BookKeeper
 * acknowledged; "verify" reads all of the record back, in a process and with a client of its own.
 *
 * <pre>
 * java -cp 'lib/*:classes' Ledgers write  --metadata zk://host:2181/ledgers --record FILE [--NAME VALUE]...
 * java -cp 'lib/*:classes' Ledgers verify --metadata zk://host:2181/ledgers --record FILE [--NAME VALUE]...
 * </pre>
 *
 * <p>The names and their defaults are those of the calls of {@code text} and {@code number};
 * {@code --client.KEY VALUE} is a setting of BookKeeper's client.
 *
 * <p>Standard output is JSON, a line at a time; the log goes to standard error. The exit code is 0
 * for success, 1 if an acknowledged entry is lost or altered, 2 for everything that is no answer.
 */
public final class Ledgers {
  static final int LOST = 1;
  static final int UNKNOWN = 2;

  private static final ObjectMapper JSON = new ObjectMapper();

  private final Map<String, String> flags = new LinkedHashMap<>();
  private final PrintStream answers;

  private Ledgers(String[] args, PrintStream answers) {
    if (args.length % 2 != 1) {
      throw new IllegalArgumentException("want a command and pairs of --NAME VALUE");
    }
    for (int i = 1; i < args.length; i += 2) {
      if (!args[i].startsWith("--")) {
        throw new IllegalArgumentException("not a flag: " + args[i]);
      }
      flags.put(args[i].substring(2), args[i + 1]);
    }
    this.answers = answers;
  }

  public static void main(String[] args) {
    PrintStream answers = System.out;
    System.setOut(System.err); // the log4j2.xml in BookKeeper's jar logs to standard output
    Configurator.setRootLevel(Level.WARN);
    int code;
    try {
      code = new Ledgers(args, answers).run(args[0]);
    } catch (Exception e) {
      System.err.println("ledgers: " + e);
      code = UNKNOWN;
    }
    // Closing a client takes seconds, and after SIGTERM exit would not return our code.
    Runtime.getRuntime().halt(code);
  }

  private int run(String command) throws Exception {
    switch (command) {
      case "write":
        return new Writer(this).run();
      case "verify":
        return new Verifier(this).run();
      default:
        throw new IllegalArgumentException("not a command: " + command);
    }
  }

  String text(String name, String otherwise) {
    return flags.getOrDefault(name, otherwise);
  }

  int number(String name, int otherwise) {
    return Integer.parseInt(text(name, Integer.toString(otherwise)));
  }

  private String needed(String name) {
    String value = flags.get(name);
    if (value == null) {
      throw new IllegalArgumentException("--" + name + " is needed");
    }
    return value;
  }

  Path record() {
    return Path.of(needed("record"));
  }

  DigestType digest() {
    return DigestType.valueOf(text("digest", "CRC32C"));
  }

  byte[] password() {
    return text("password", "").getBytes(StandardCharsets.UTF_8);
  }

  BookKeeper connect() throws Exception {
    ClientConfiguration settings = new ClientConfiguration();
    settings.setMetadataServiceUri(needed("metadata"));
    flags.forEach((name, value) -> {
      if (name.startsWith("client.")) {
        settings.setProperty(name.substring("client.".length()), value);
      }
    });
    return BookKeeper.newBuilder(settings).build();
  }

  synchronized void answer(Map<String, ?> facts) throws IOException {
    answers.println(JSON.writeValueAsString(facts));
    answers.flush();
  }
}
