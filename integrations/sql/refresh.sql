/*
  Refreshes a Power BI semantic model from Azure SQL (Database, Managed Instance, SQL Server 2025, SQL database in
  Fabric) with pbirefresh, and waits for the end. Fails with the reason if the refresh fails.

  Replace YOUR-APP and YOUR-FUNCTION-KEY, run this file once, then:

      EXEC dbo.refresh_model @workspaceId = '...', @datasetId = '...';
*/

-- The key that opens the app. Its name is the address that it is for: everything below /api of this one host.
-- A credential needs the database's master key: CREATE MASTER KEY, if there is none yet.
CREATE DATABASE SCOPED CREDENTIAL [https://YOUR-APP.azurewebsites.net/api]
    WITH IDENTITY = 'HTTPEndpointHeaders', SECRET = '{"x-functions-key":"YOUR-FUNCTION-KEY"}';
GO

CREATE OR ALTER PROCEDURE dbo.refresh_model
    @workspaceId uniqueidentifier,
    @datasetId uniqueidentifier,
    @idempotencyKey nvarchar(200) = NULL, -- the same key asks for the same refresh; default: a new one
    @pollEvery char(8) = '00:00:15'
AS
BEGIN
    SET NOCOUNT ON;

    DECLARE @payload nvarchar(max) = CONCAT(N'{"workspaceId":"', @workspaceId, N'","datasetId":"', @datasetId, N'"}');
    DECLARE @headers nvarchar(4000) = CONCAT(N'{"Idempotency-Key":"', ISNULL(@idempotencyKey, NEWID()), N'"}');
    DECLARE @statusUrl nvarchar(4000), @response nvarchar(max), @code int, @message nvarchar(2048), @failures int = 0;

    WHILE 1 = 1
    BEGIN
        -- The procedure returns 0 for 202 as well as for 200: only the code in the response tells whether the refresh
        -- has ended. It raises an error if there is no answer in time.
        BEGIN TRY
            IF @statusUrl IS NULL
                EXEC sys.sp_invoke_external_rest_endpoint
                    @url = N'https://YOUR-APP.azurewebsites.net/api/refreshes',
                    @method = N'POST',
                    @headers = @headers,
                    @payload = @payload,
                    @timeout = 100,
                    @credential = [https://YOUR-APP.azurewebsites.net/api],
                    @response = @response OUTPUT;
            ELSE
                EXEC sys.sp_invoke_external_rest_endpoint
                    @url = @statusUrl,
                    @method = N'GET',
                    @timeout = 100,
                    @credential = [https://YOUR-APP.azurewebsites.net/api],
                    @response = @response OUTPUT;
            SET @code = JSON_VALUE(@response, '$.response.status.http.code');
            SET @message = LEFT(COALESCE(JSON_VALUE(@response, '$.result.error.message'), CONCAT(N'The answer was HTTP ', @code, N'.')), 1900);
        END TRY
        BEGIN CATCH
            SET @code = 0;
            SET @message = LEFT(ERROR_MESSAGE(), 1900);
        END CATCH;

        IF @code = 200
            RETURN 0;

        IF @code = 202
        BEGIN
            SET @statusUrl = JSON_VALUE(@response, '$.result.statusUrl');
            SET @failures = 0;
        END
        ELSE IF @code = 0 OR @code = 429 OR @code >= 500
            SET @failures = @failures + 1; -- may pass; asking again is safe, as the key is the same
        ELSE
            SET @failures = 1000;

        IF @failures > 40
        BEGIN
            SET @message = CONCAT(N'The refresh of model ', @datasetId, N' failed: ', @message);
            THROW 50001, @message, 1;
        END;

        WAITFOR DELAY @pollEvery;
    END;
END;
GO
