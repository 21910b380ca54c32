/*
 * For instrumented builds: what the libraries below SDL and Pango keep until the process ends
 * (fontconfig's patterns, GLib's types, X's and Mesa's tables) is no leak of ours.
 */
#ifdef __SANITIZE_ADDRESS__
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
	return "leak:libfontconfig.so\n"
	       "leak:libpango\n"
	       "leak:libglib-2.0.so\n"
	       "leak:libgobject-2.0.so\n"
	       "leak:libcairo.so\n"
	       "leak:libX11.so\n"
	       "leak:libwayland-client.so\n"
	       "leak:libdbus-1.so\n"
	       "leak:libdecor\n"
	       "leak:_dri.so\n"
	       "leak:libEGL\n"
	       "leak:libGL\n";
}
#endif
