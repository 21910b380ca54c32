#include "message_fixture.h"
#include "proto/proto_upload.h"

START_TEST(init_is_read)
{
	struct init_upload init = { 0 };

	read_example("init_upload", init_upload_fields, &init);
	ck_assert_str_eq(init.config.game_name, "Celeste");
	ck_assert_str_eq(init.config.install_path, "/home/deck/Games");
	ck_assert_int_eq(init.total_size, 1234567890);
	ck_assert_uint_eq(init.files_count, 2);
	ck_assert_str_eq(init.files[1].relative_path, "data/game.pak");
	ck_assert_int_eq(init.files[1].size, 1234555545);
	json_finish(&init, init_upload_fields);
	read_example("init_upload_desktop", init_upload_fields, &init);
	ck_assert_str_eq(init.config.install_path, "");
	ck_assert_uint_eq(init.config.tags.count, 2);
	ck_assert_uint_eq(strlen(init.files[0].sha256), 64);
	json_finish(&init, init_upload_fields);
}
END_TEST

START_TEST(sizes_go_up_to_2_to_the_53)
{
	struct init_upload init = { 0 };
	const char *most = "{\"config\":{\"gameName\":\"g\"},\"totalSize\":9007199254740992,"
			   "\"files\":[]}";

	ck_assert(json_read_text(&init, init_upload_fields, most, strlen(most), NULL));
	ck_assert_int_eq(init.total_size, JSON_INTEGER_MAX);
	json_finish(&init, init_upload_fields);
	expect_refused("{\"config\":{\"gameName\":\"g\"},\"totalSize\":9007199254740993,"
		       "\"files\":[]}",
		init_upload_fields, &init, "totalSize");
	expect_refused("{\"config\":{\"gameName\":\"g\"},\"totalSize\":1.5,\"files\":[]}",
		init_upload_fields, &init, "totalSize");
	expect_refused("{\"config\":{\"gameName\":\"g\"},\"totalSize\":1,\"files\":[{\"size\":1}]}",
		init_upload_fields, &init, "relativePath");
}
END_TEST

START_TEST(answers_are_written)
{
	struct upload_init_response init = { 0 };
	struct upload_chunk_response chunk = { 0 };

	read_example("upload_init_response", upload_init_response_fields, &init);
	expect_written(upload_init_response_fields, &init,
		"{\"uploadId\":\"upload-abc123\",\"chunkSize\":1048576}");
	json_finish(&init, upload_init_response_fields);
	read_example("upload_init_resumed", upload_init_response_fields, &init);
	expect_written(upload_init_response_fields, &init,
		"{\"uploadId\":\"u\",\"chunkSize\":1048576,\"resumeFrom\":{\"data/game.pak\":"
		"1048576,\"a\":9007199254740992}}");
	json_finish(&init, upload_init_response_fields);
	read_example("upload_chunk_response", upload_chunk_response_fields, &chunk);
	ck_assert_int_eq(chunk.bytes_written, 1048576);
	ck_assert_int_eq(chunk.total_written, 52428800);
	json_finish(&chunk, upload_chunk_response_fields);
}
END_TEST

START_TEST(ends_of_an_upload_are_read)
{
	struct complete_upload complete = { 0 };
	struct operation_result result = { 0 };
	struct cancel_upload cancel = { 0 };

	read_example("complete_upload", complete_upload_fields, &complete);
	ck_assert(complete.create_shortcut);
	ck_assert_str_eq(complete.shortcut.exe, "Celeste.exe");
	ck_assert_str_eq(complete.shortcut.artwork.hero, "...");
	read_example("operation_result", operation_result_fields, &result);
	ck_assert_uint_eq(result.app_id, 2857492837u);
	read_example("cancel_upload", cancel_upload_fields, &cancel);
	ck_assert_str_eq(cancel.upload_id, "upload-abc123");
	json_finish(&complete, complete_upload_fields);
	json_finish(&result, operation_result_fields);
	json_finish(&cancel, cancel_upload_fields);
}
END_TEST

START_TEST(result_without_shortcut_has_no_app_id)
{
	const struct operation_result result = { .success = true, .path = "/g" };

	expect_written(operation_result_fields, &result, "{\"success\":true,\"path\":\"/g\"}");
}
END_TEST

START_TEST(events_are_read)
{
	struct upload_progress progress = { 0 };
	struct operation_event event = { 0 };

	read_example("upload_progress", upload_progress_fields, &progress);
	ck_assert_double_eq(progress.percentage, 42.5);
	ck_assert_int_eq(progress.transferred_bytes, 524288000);
	read_example("operation_event", operation_event_fields, &event);
	ck_assert_str_eq(event.status, "complete");
	ck_assert_double_eq(event.progress, 100);
	json_finish(&progress, upload_progress_fields);
	json_finish(&event, operation_event_fields);
}
END_TEST

START_TEST(frame_is_split_where_it_was_joined)
{
	AUTO(strbuf_finish) struct strbuf message = { 0 };
	struct upload_chunk header = { 0 }, again = { 0 };
	struct chunk_frame frame;
	struct error err;
	bool complete;

	read_example("chunk_header", upload_chunk_fields, &header);
	chunk_frame_write(&message, &header);
	strbuf_append(&message, "\0data", 5);
	for (size_t length = 0; length < message.length - 5; length++) {
		ck_assert(chunk_frame_split(&frame, message.data, length, &complete, &err));
		ck_assert_msg(!complete, "complete with %zu bytes", length);
	}
	ck_assert(chunk_frame_split(&frame, message.data, message.length, &complete, &err));
	ck_assert(complete);
	ck_assert_uint_eq(frame.data_length, 5);
	ck_assert_mem_eq(frame.data, "\0data", 5);
	ck_assert(json_read_text(
		&again, upload_chunk_fields, frame.header, frame.header_length, &err));
	ck_assert_str_eq(again.file_path, "data/game.pak");
	ck_assert_str_eq(again.checksum, "sha256...");
	json_finish(&header, upload_chunk_fields);
	json_finish(&again, upload_chunk_fields);
}
END_TEST

START_TEST(header_lengths_are_limited)
{
	static const char *const prefixes[] = { "\0\0\0\0{}", "\xff\xff\xff\xff{}", "\0\1\0\1{}",
		"\x80\0\0\2{}", "{\"id" };

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		struct chunk_frame frame;
		struct error err = { 0 };
		bool complete;

		ck_assert_msg(!chunk_frame_split(&frame, prefixes[i], 5, &complete, &err),
			"prefix %zu", i);
		ck_assert_int_eq(err.kind, ERROR_INVALID);
	}
}
END_TEST

START_TEST(images_are_recognised)
{
	const struct upload_chunk by_type = { .type = "artwork_image" };
	const struct upload_chunk by_artwork_type = { .artwork_type = "hero" };
	const struct upload_chunk chunk = { .file_path = "a" };
	const struct upload_chunk other = { .type = "chunk" };

	ck_assert(upload_chunk_is_artwork(&by_type));
	ck_assert(upload_chunk_is_artwork(&by_artwork_type));
	ck_assert(!upload_chunk_is_artwork(&chunk));
	ck_assert(!upload_chunk_is_artwork(&other));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { init_is_read, sizes_go_up_to_2_to_the_53,
		answers_are_written, ends_of_an_upload_are_read,
		result_without_shortcut_has_no_app_id, events_are_read,
		frame_is_split_where_it_was_joined, header_lengths_are_limited,
		images_are_recognised };

	return run_tests("proto_upload", tests, sizeof(tests) / sizeof(tests[0]));
}
