import java.io.*;
import java.time.Duration;
import java.util.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;
import org.apache.kafka.common.*;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * What Kafka's own client says, asked line by line: "partition COUNT KEY…" (keys in hex) and "read TOPIC ISOLATION".
 * An answer ends with a line of one point.
 */
public class Truth {
  public static void main(String[] arguments) throws Exception {
    BufferedReader questions = new BufferedReader(new InputStreamReader(System.in));
    PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), false);
    for (String line; (line = questions.readLine()) != null; ) {
      String[] words = line.split(" ");
      if (words[0].equals("partition")) partitions(words, out);
      else read(arguments[0], words[1], words[2], out);
      out.println(".");
      out.flush();
    }
  }

  static void partitions(String[] words, PrintStream out) {
    for (int at = 2; at < words.length; at++)
      out.println(BuiltInPartitioner.partitionForKey(HexFormat.of().parseHex(words[at]), Integer.parseInt(words[1])));
  }

  static void read(String bootstrap, String topic, String isolation, PrintStream out) {
    Map<String, Object> settings = Map.of("bootstrap.servers", bootstrap, "isolation.level", isolation);
    ByteArrayDeserializer bytes = new ByteArrayDeserializer();
    try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(settings, bytes, bytes)) {
      List<TopicPartition> partitions = new ArrayList<>();
      for (PartitionInfo one : consumer.partitionsFor(topic)) partitions.add(new TopicPartition(topic, one.partition()));
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      while (partitions.stream().anyMatch(one -> consumer.position(one) < ends.get(one)))
        for (ConsumerRecord<byte[], byte[]> one : consumer.poll(Duration.ofMillis(100)))
          out.println(one.partition() + " " + one.offset() + " " + hex(one.key()) + " " + hex(one.value()));
    }
  }

  static String hex(byte[] bytes) { return bytes == null ? "null" : HexFormat.of().formatHex(bytes); }
}
